// What pages do on top of their links and forms: every one of them works without it.
"use strict";

const WAIT_MILLISECONDS = 2000;

// A filter that is chosen applies at once.
for (const form of document.querySelectorAll("form[data-filters]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select")) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  });
}
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-filters] :disabled")) field.disabled = false;
});

// A run that goes on is looked at again and again.
const part = document.querySelector("[data-refresh]");
async function follow() {
  if (!document.hidden) {
    try {
      const response = await fetch(part.dataset.refresh);
      if (response.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        if (!part.contains(document.activeElement)) part.replaceChildren(...page.body.childNodes);
      }
    } catch {
      // The viewer has ended; what it last said stands.
    }
  }
  setTimeout(follow, WAIT_MILLISECONDS);
}
if (part) setTimeout(follow, WAIT_MILLISECONDS);

// Log-probabilities come into the page, each beside its pair.
for (const link of document.querySelectorAll("a[data-part=logps]")) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    link.textContent = "Asking the checkpoints …";
    link.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(link.href, { headers: { "x-part": "logps" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const found of page.querySelectorAll("[data-pair]")) {
        for (const slot of document.querySelectorAll("[data-slot]")) {
          if (slot.dataset.slot === found.dataset.pair) slot.replaceChildren(found);
        }
      }
      link.parentElement.textContent = "Token log-probabilities stand under each pair.";
    } catch {
      link.textContent = "The viewer does not answer; try again";
    }
  });
}

// Keys: j and k go through a list; a, r, e and s decide where there is something to decide.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  const form = document.querySelector(location.hash ? `${CSS.escape(location.hash).replace("\\#", "#")} [data-decision]` : "[data-decision]")
    || document.querySelector("[data-decision]");
  const silent = form && !form.querySelector("[data-shortcuts]").checked;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && typing && typing.form === form && form) {
    form.requestSubmit(form.querySelector("[data-key=Enter]"));
  }
  if (typing || silent || event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1) return;
  const target = [form, document].map((place) => place?.querySelector(`[data-key="${CSS.escape(event.key)}"]`)).find(Boolean);
  if (!target) return;
  event.preventDefault();
  target.click();
  if (event.key === "e") form.querySelector("textarea").focus();
});
