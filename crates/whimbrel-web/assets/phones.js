// Phones go on while they are looked at; what is being typed is left alone.

const bubbles = document.getElementById("bubbles");
if (bubbles) bubbles.scrollTop = bubbles.scrollHeight;

for (const select of document.querySelectorAll("[data-send-on-change]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
for (const button of document.querySelectorAll("[data-without-script]")) button.hidden = true;

async function look() {
  if (!document.hidden) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const fresh of page.querySelectorAll("[data-live]")) {
        const shown = document.getElementById(fresh.id);
        if (!shown || shown.innerHTML === fresh.innerHTML || shown.contains(document.activeElement)) continue;
        const atEnd = shown.scrollHeight - shown.scrollTop - shown.clientHeight < 40;
        shown.innerHTML = fresh.innerHTML;
        if (atEnd) shown.scrollTop = shown.scrollHeight;
      }
    }
  }
  setTimeout(look, 1000);
}

setTimeout(look, 600);
