"""What a run has made, for others: its training sets or a trained student, with their cards."""

from supercorrect.export.argilla import export_argilla
from supercorrect.export.gguf import convert_to_gguf
from supercorrect.export.models import export_model
from supercorrect.export.pushing import push_export
from supercorrect.export.writing import export_run

__all__ = ["convert_to_gguf", "export_argilla", "export_model", "export_run", "push_export"]
