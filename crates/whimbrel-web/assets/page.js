// What every page can do beyond what it does without scripts: copy, change colours in place, times of the visitor's own
// zone, keys. Nothing here is needed to read or to send a form.

const byId = (id) => document.getElementById(id);

/** Says a line to screen readers. */
function say(line) {
  const said = byId("said");
  if (said) said.textContent = line;
}

/** Writes times as clocks show them where the visitor is. */
function localTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const clock = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
    const day = at.toLocaleDateString([], { month: "short", day: "numeric" });
    time.textContent = at.toDateString() === new Date().toDateString() ? clock : `${day} ${clock}`;
  }
}

/** Writes commands with this server's address as the browser has it, with whatever prefix stands before it. */
function ownAddress(page) {
  for (const command of page.querySelectorAll("[data-base]")) {
    const root = new URL(command.dataset.root, location.href).href.replace(/\/$/, "");
    command.textContent = command.textContent.replaceAll(command.dataset.base, root);
  }
}

/** Takes over what another version of this page has in its live places; what is typed, focused or unfolded stays. */
function renew(page) {
  let changed = false;
  localTimes(page);
  ownAddress(page);
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const shown = byId(fresh.id);
    if (!shown || shown.innerHTML === fresh.innerHTML || shown.querySelector(":focus")) continue;
    const open = [...shown.querySelectorAll("details[open]")].map((details) => details.id);
    const atEnd = shown.scrollHeight - shown.scrollTop - shown.clientHeight < 40;
    shown.innerHTML = fresh.innerHTML;
    shown.dataset.live = fresh.dataset.live;
    for (const id of open) byId(id)?.setAttribute("open", "");
    if (atEnd) shown.scrollTop = shown.scrollHeight;
    changed = true;
  }
  return changed;
}

/** Asks the server for this page again; whether anything changed. */
async function look() {
  if (document.hidden) return false;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  return renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

// The scripts of single pages, which come after this one, use these.
globalThis.whimbrel = { say, localTimes, look };

/** Copies the value of `data-copy`, or the text of the element that `data-copy-from` names. */
async function copy(button) {
  const from = button.dataset.copyFrom;
  const text = from ? byId(from)?.href ?? byId(from)?.textContent ?? "" : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text.trim());
    button.classList.add("done");
    say("Copied");
    setTimeout(() => button.classList.remove("done"), 1200);
  } catch {
    // Without the right to write to the clipboard the text is marked, ready to be copied by hand.
    const marked = from ? byId(from) : button;
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

// Keys. Single ones can be switched off (WCAG 2.1.4), which this browser remembers.

const help = byId("keys");
const single = byId("single-keys");
const KEPT = "whimbrel.single-keys";
let goes = 0; // when `g` was pressed

function kept() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

/** Moves the focus among the rows of a list. */
function move(step) {
  const rows = [...document.querySelectorAll("a.open")];
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.closest("tr, li")?.contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next].focus({ preventScroll: true });
  rows[next].scrollIntoView({ block: "nearest" });
}

/** What is meant by a key: the row that has the focus, or the whole page. */
const here = () => document.activeElement?.closest("tr.message") ?? document;

function back() {
  const link = document.querySelector("[data-back]");
  if (!link) return false;
  if (document.referrer.startsWith(location.origin) && history.length > 1) history.back();
  else link.click();
  return true;
}

const acts = {
  j: () => move(1),
  k: () => move(-1),
  u: back,
  c: () => here().querySelector("[data-code]")?.click(),
  p: () => {
    const to = here() === document ? document.querySelector("[data-phone]")?.href : here().dataset?.phone;
    if (to) location.assign(to);
  },
  g: () => { goes = Date.now(); },
  "/": () => byId("q")?.focus(),
  "?": () => help?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape") {
    if (help?.open) return;
    if (field) return field.blur();
    if (document.activeElement !== document.body && document.activeElement?.closest("tr.message")) document.activeElement.blur();
    else if (back()) event.preventDefault();
    return;
  }
  if (field || help?.open || !single?.checked) return;
  const page = Date.now() - goes < 1500 ? document.querySelector(`[data-go="${CSS.escape(event.key)}"]`) : null;
  if (page) {
    event.preventDefault();
    page.click();
  } else if (Object.hasOwn(acts, event.key)) {
    event.preventDefault();
    acts[event.key]();
  }
});

if (single) {
  single.checked = kept();
  single.addEventListener("change", () => {
    try {
      localStorage.setItem(KEPT, single.checked ? "on" : "off");
    } catch {
      // Then it holds for this page.
    }
  });
}
byId("show-keys")?.addEventListener("click", () => help?.showModal());

// What needs a script is hidden until there is one, and the other way round.
for (const needing of document.querySelectorAll("[data-needs-script]")) needing.hidden = false;
for (const without of document.querySelectorAll("[data-without-script]")) without.hidden = true;
for (const select of document.querySelectorAll("[data-send-on-change]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
// On a narrow window the pages' names are a line that scrolls: where one is stands in sight.
document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
localTimes(document);
ownAddress(document);
for (const zone of document.querySelectorAll(".zone")) zone.remove();
// By which name and below which prefix the visitor came is known here alone.
for (const link of document.querySelectorAll("a[data-absolute]")) link.textContent = link.href;
