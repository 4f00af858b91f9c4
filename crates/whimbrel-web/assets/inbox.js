// Rows of the inbox as they come and change.
//
// What is being read never moves: while a row has the focus, the list is scrolled or somebody pressed Pause, new rows wait
// behind a button that counts them. The server sends at most ten batches a second and only counts what nobody could follow.

const { localTimes, say } = globalThis.whimbrel;
const ROWS_MAX = 50;
const area = document.getElementById("inbox");
const body = document.getElementById("rows");
const news = document.getElementById("news");
const showNew = document.getElementById("show-new");
const pause = document.getElementById("pause");
const rate = document.getElementById("rate");
const lost = document.getElementById("lost");
const title = document.title;

const waiting = new Map(); // rows that wait, by the id of their element, oldest first
let counted = 0; // messages that were only counted
let missed = false; // whether there are more than that
let paused = false;
let unseen = 0; // rows that came while the page was hidden
let lately = []; // when messages came in the last seconds
let saidAt = 0;

function rowOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function isRead() {
  return paused || scrollY > 40 || body.contains(document.activeElement);
}

/** Puts a row where its age belongs. */
function insert(row) {
  const after = [...body.children].find((known) => known.dataset.order < row.dataset.order);
  body.insertBefore(row, after ?? null);
}

/** Changes what may change of a row, and leaves alone what may have the focus. */
function update(row) {
  const shown = document.getElementById(row.id) ?? waiting.get(row.id);
  if (!shown) return;
  for (const place of [".state-of", ".hook"]) {
    const [old, fresh] = [shown.querySelector(place), row.querySelector(place)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  }
}

function take(row) {
  const oldest = body.lastElementChild;
  const isOlder = body.children.length >= ROWS_MAX && oldest && row.dataset.order < oldest.dataset.order;
  if (document.getElementById(row.id) || waiting.has(row.id)) return update(row);
  if (isOlder) return;
  localTimes(row);
  waiting.set(row.id, row);
  // While somebody reads, more than a page of them is shown by asking for the page anew, so no more are kept.
  if (isRead() && waiting.size > ROWS_MAX) {
    waiting.delete(waiting.keys().next().value);
    counted += 1;
  }
  lately.push(Date.now());
  if (document.hidden) unseen += 1;
}

function flush() {
  const rows = [...waiting.values()];
  waiting.clear();
  if (rows.length === 0) return;
  document.getElementById("start")?.remove();
  area.querySelector(".empty")?.remove();
  document.getElementById("list-card").hidden = false;
  for (const row of rows) insert(row);
  while (body.children.length > ROWS_MAX) body.lastElementChild.remove();
}

function speak(rows) {
  if (rows.length === 0 || Date.now() - saidAt < 5000) return;
  saidAt = Date.now();
  const to = rows.at(-1).querySelector(".open")?.textContent ?? "";
  say(rows.length === 1 ? `1 new message to ${to}` : `${rows.length} new messages`);
}

function draw() {
  const number = waiting.size + counted;
  lately = lately.filter((at) => at > Date.now() - 2000);
  const perSecond = Math.round(lately.length / 2);
  pause.hidden = !paused && perSecond < 50;
  rate.textContent = perSecond >= 50 ? `${perSecond} a second` : "";
  showNew.hidden = number === 0 && !missed;
  showNew.textContent = missed ? `${number} new and more` : `${number} new`;
  news.hidden = showNew.hidden && pause.hidden;
  const count = Math.max(unseen, number);
  document.title = count > 0 ? `(${count}) ${title}` : title;
}

function settle() {
  if (!isRead() && counted === 0 && !missed) {
    speak([...waiting.values()]);
    flush();
  } else if (waiting.size > 0) {
    speak([...waiting.values()]);
  }
  draw();
}

/** Shows what waits; if more came than was sent, the server is asked for the page. */
function showAll() {
  if (counted > 0 || missed || waiting.size > ROWS_MAX) return location.reload();
  flush();
  scrollTo({ top: 0 });
  body.querySelector(".open")?.focus({ preventScroll: true });
  draw();
}

/** After a connection was lost: what changed meanwhile is in the page as the server has it now. */
async function catchUp() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of [...page.querySelectorAll("#rows > tr")].reverse()) take(document.importNode(row, true));
  settle();
}

let source = null;
let giveUp = null;
let wasLost = false;

function listen(url) {
  source = new EventSource(url);
  const mine = source;
  mine.addEventListener("open", () => {
    clearTimeout(giveUp);
    giveUp = null;
    lost.hidden = true;
    area.dataset.connected = "yes";
    if (wasLost) catchUp().catch(() => {});
    wasLost = false;
  });
  mine.addEventListener("error", () => {
    wasLost = true;
    area.dataset.connected = "no";
    // A connection that is back at once is not worth a word.
    giveUp ??= setTimeout(() => { lost.hidden = false; }, 1500);
    // A refusal ends the stream for good: ask again in a while.
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => { if (source === mine) listen(url); }, 5000);
  });
  mine.addEventListener("message", (event) => {
    const { rows, changed, more, missed: some } = JSON.parse(event.data);
    for (const html of rows) take(rowOf(html));
    for (const html of changed) update(rowOf(html));
    counted += more;
    for (let index = 0; index < more; index += 1) lately.push(Date.now());
    if (some > 0) missed = true;
    settle();
  });
}

// A browser has few connections to a server for all of its tabs: one that nobody has looked at for long gives its own back.
const IDLE_MS = 10 * 60 * 1000;
let idle = null;

function rest(url) {
  clearTimeout(idle);
  if (document.hidden) {
    idle = setTimeout(() => {
      source?.close();
      source = null;
      wasLost = true;
    }, IDLE_MS);
  } else if (source === null) {
    listen(url);
  }
}

if (area?.dataset.live && "EventSource" in globalThis) {
  listen(area.dataset.live);
  showNew.addEventListener("click", showAll);
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    settle();
  });
  document.addEventListener("focusout", () => setTimeout(settle));
  document.addEventListener("scroll", settle, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) unseen = 0;
    rest(area.dataset.live);
    draw();
  });
  setInterval(draw, 1000);
}
// Who comes back from a message finds the row that they left.
body?.addEventListener("click", (event) => {
  const row = event.target.closest("a.open")?.closest("tr");
  if (row) sessionStorage.setItem("whimbrel.row", row.id);
});
const left = sessionStorage.getItem("whimbrel.row");
if (left && performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
  document.getElementById(left)?.querySelector(".open")?.focus();
}
sessionStorage.removeItem("whimbrel.row");
// A click anywhere on a row opens it, unless something was marked or pressed.
body?.addEventListener("click", (event) => {
  const isOther = event.target.closest("a, button") || getSelection()?.toString();
  if (!isOther) event.target.closest("tr")?.querySelector(".open")?.click();
});
