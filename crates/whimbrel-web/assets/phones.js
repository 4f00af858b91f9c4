// Phones go on while they are looked at; what is being typed is left alone.

const { look } = globalThis.whimbrel;
const bubbles = document.getElementById("bubbles");
if (bubbles) bubbles.scrollTop = bubbles.scrollHeight;

async function goOn() {
  await look();
  setTimeout(goOn, 1000);
}

setTimeout(goOn, 500);
