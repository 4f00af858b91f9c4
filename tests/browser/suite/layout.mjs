// What a browser made of a page: each thing that is seen, where it stands, how big it is, and its colours. A text that people can read
// and compare (docs/adr/0046).

/** Two widths of a scroll bar's rounding; a line of text is many times that. */
export const PIXELS_MAX = 3;

/** What people look at. Everything else is inside one of these. */
const SEEN = [
  "h1", "h2", "h3", ".bar", ".brand", ".mode", ".sections a", ".themes", ".card", ".flash", ".command", ".button", ".chip", ".state",
  ".badge", ".tile", "thead th", "tbody th", "tbody td", "input", "select", "textarea", "label", ".bubble .said", ".part", "meter",
  ".story li", ".facts dt", ".facts dd", "dialog", "dialog dt", ".chart svg", ".hint", ".advice",
].join(", ");

/** Fonts of one family everywhere: which ones a machine has must not move anything. The policy of the pages stays as it is. */
export async function withPlainFonts(page) {
  await page.route("**/assets/style-*.css", async (route) => {
    const answer = await route.fetch();
    const plain = '\n:root { --sans: "Liberation Sans"; --mono: "Liberation Mono"; }\n* { letter-spacing: 0 !important; }\n';
    await route.fulfill({ response: answer, body: (await answer.text()) + plain });
  });
}

/** The page as lines: `depth element x y width height colour/ground weight`. */
export async function layout(page) {
  return page.evaluate((seen) => {
    // How long something took is as wide as it is long, and pushes what stands beside it. Times and ids are always equally wide.
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) words.currentNode.data = words.currentNode.data.replace(/\d+(\.\d+)? (ms|s)\b/g, "9 ms");
    const name = (element) => {
      const classes = [...element.classList].filter((word) => !["number", "soft", "small"].includes(word));
      return element.tagName.toLowerCase() + classes.map((word) => `.${word}`).join("");
    };
    // What stands behind an element: its own ground, or that of what it stands in.
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (colour !== "rgba(0, 0, 0, 0)") return colour;
      }
      return "none";
    };
    const hex = (colour) => `#${(colour.match(/\d+/g) ?? []).slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
    const lines = [];
    for (const element of document.querySelectorAll(seen)) {
      if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0 || element.closest(".unseen")) continue;
      const style = getComputedStyle(element);
      const place = [box.x + scrollX, box.y + scrollY, box.width, box.height].map(Math.round).join(" ");
      let depth = 0;
      for (let at = element.parentElement; at; at = at.parentElement) if (at.matches(seen)) depth += 1;
      lines.push(`${"  ".repeat(depth)}${name(element)} ${place} ${hex(style.color)}/${hex(ground(element))} ${style.fontWeight}`);
    }
    const { scrollWidth, clientWidth } = document.documentElement;
    return [`page ${clientWidth} beside ${scrollWidth - clientWidth}`, ...lines];
  }, SEEN);
}

/** What differs between two pages; empty if they look alike. */
export function differences(kept, seen) {
  const split = (line) => /^(\s*\S+) (-?\d+) (-?\d+) (\d+) (\d+) (.*)$/.exec(line) ?? [line, line];
  const words = (lines) => lines.map((line) => split(line)[1]);
  const found = [];
  for (let index = 0; index < Math.max(kept.length, seen.length); index += 1) {
    const [before, now] = [split(kept[index] ?? ""), split(seen[index] ?? "")];
    const isOther = before[1] !== now[1] || before[6] !== now[6];
    const hasMoved = [2, 3, 4, 5].some((part) => Math.abs(Number(before[part] ?? 0) - Number(now[part] ?? 0)) > PIXELS_MAX);
    if (isOther || hasMoved) found.push(`- ${kept[index] ?? "(nothing)"}\n+ ${seen[index] ?? "(nothing)"}`);
    // After the first thing that is not there any more, or is new, everything is another thing.
    if (before[1] !== now[1] && words(kept).join() !== words(seen).join()) break;
  }
  return found;
}
