// A message goes on while it is looked at: what changed is taken from the page as the server has it now.

const { look, say } = globalThis.whimbrel;
const PAUSES = [400, 600, 1000, 1500, 2000];
const QUIET_MAX = 12; // looks in a row that found nothing new, after the end of the message
let quiet = 0;
let looks = 0;

async function goOn() {
  const changed = await look();
  const head = document.getElementById("head-state");
  quiet = changed ? 0 : quiet + 1;
  if (changed) say(head.textContent.trim().replace(/\s+/g, " "));
  looks += 1;
  const isOpen = head.dataset.live === "more";
  if (isOpen || quiet < QUIET_MAX) setTimeout(goOn, PAUSES[Math.min(looks, PAUSES.length - 1)]);
}

setTimeout(goOn, PAUSES[0]);
