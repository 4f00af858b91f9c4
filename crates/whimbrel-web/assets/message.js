// A message goes on while it is looked at: what changed is taken from the page as the server has it now.

const pause = [400, 600, 1000, 1500, 2000];
const QUIET_MAX = 12; // looks in a row that found nothing new, after the end of the message
let quiet = 0;
let looks = 0;

function isOpen() {
  return document.getElementById("head-state")?.dataset.live === "more";
}

/** Takes over what changed, and keeps what was unfolded. */
function renew(page) {
  let changed = false;
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const shown = document.getElementById(fresh.id);
    if (!shown || shown.innerHTML === fresh.innerHTML || shown.contains(document.activeElement)) continue;
    const open = [...shown.querySelectorAll("details[open]")].map((details) => details.id);
    shown.innerHTML = fresh.innerHTML;
    shown.dataset.live = fresh.dataset.live;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    changed = true;
  }
  return changed;
}

async function look() {
  if (!document.hidden) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const changed = renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      quiet = changed ? 0 : quiet + 1;
      if (changed) document.getElementById("said").textContent = document.getElementById("head-state").textContent.trim();
    }
  }
  looks += 1;
  if (isOpen() || quiet < QUIET_MAX) setTimeout(look, pause[Math.min(looks, pause.length - 1)]);
}

setTimeout(look, pause[0]);
