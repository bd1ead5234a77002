# Two images from one file: for GPUs, or, with PyTorch's index of CPU wheels as TORCH_INDEX, for CPUs. See docs/install.md.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY recipes recipes
COPY src src
RUN pip install --no-cache-dir build==1.6.1 && python -m build --wheel --outdir /wheels

FROM python:3.12-slim
ARG TORCH_INDEX=""
COPY constraints.txt /tmp/constraints.txt
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --constraint /tmp/constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch \
    && wheel="$(ls /tmp/wheels/*.whl)" \
    && pip install --no-cache-dir --constraint /tmp/constraints.txt "${wheel}[train]" \
    && rm -rf /tmp/wheels /tmp/constraints.txt \
    && useradd --create-home --uid 1000 student
USER student
WORKDIR /work
EXPOSE 8000 8711
ENTRYPOINT ["supercorrect"]
CMD ["--help"]
