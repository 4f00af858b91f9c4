// What every page can do beyond what it does without scripts: copy, change colours in place, keys.
// Nothing here is needed to read or to send a form.

const said = document.getElementById("said");

/** Says a line to screen readers. */
function say(line) {
  if (said) said.textContent = line;
}

/** Copies the value of `data-copy`, or the text of the element that `data-copy-from` names. */
async function copy(button) {
  const from = button.dataset.copyFrom;
  const text = from ? document.getElementById(from)?.textContent ?? "" : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text.trim());
    button.classList.add("done");
    say("Copied");
    setTimeout(() => button.classList.remove("done"), 1200);
  } catch {
    // Without the right to write to the clipboard the text is marked, ready to be copied by hand.
    const marked = from ? document.getElementById(from) : button;
    if (marked) getSelection()?.selectAllChildren(marked);
    say("Marked: copy it with the keyboard");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy], [data-copy-from]") : null;
  if (!button) return;
  event.preventDefault();
  copy(button);
});

// Buttons that need a script are hidden until there is one.
for (const needing of document.querySelectorAll("[data-needs-script]")) needing.hidden = false;

// The colours change in place; without a script the form asks the server for the page again.
document.querySelector("form.themes")?.addEventListener("submit", async (event) => {
  const pressed = event.submitter;
  if (!pressed) return;
  event.preventDefault();
  const form = event.currentTarget;
  document.documentElement.dataset.theme = pressed.value;
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === pressed));
  }
  say(pressed.textContent.trim());
  const fields = new URLSearchParams(new FormData(form));
  fields.set("theme", pressed.value);
  await fetch(form.action, { method: "POST", body: fields, redirect: "manual" }).catch(() => {});
});
