// Live updates: a hint without content says "look again"; the page looks, in the background, so
// that the inactivity limit does not move (R45). Without JavaScript a reload does the same.
const main = document.querySelector("main[data-live]");
const message = document.getElementById("live-message");

if (main) listen();

function listen() {
  const { record } = document.body.dataset;
  const source = new EventSource(record ? `/api/v1/live?patient=${encodeURIComponent(record)}` : "/api/v1/live");
  let looking = false;
  let again = false;
  let shown = main.textContent;

  const typing = () => {
    const touched = (field) =>
      field.type === "checkbox" || field.type === "radio"
        ? field.checked !== field.defaultChecked
        : field.type !== "hidden" && field.defaultValue !== undefined && field.value !== field.defaultValue;
    const chosen = (select) => {
      const first = [...select.options].findIndex((option) => option.defaultSelected);
      return select.selectedIndex !== Math.max(first, 0);
    };
    return [...main.querySelectorAll("input, textarea")].some(touched)
      || [...main.querySelectorAll("select")].some(chosen);
  };

  const say = (words) => {
    message.textContent = "";
    requestAnimationFrame(() => { message.textContent = words; });
  };

  const swap = async () => {
    const answer = await fetch(location.href, { headers: { "X-Background": "1" } });
    if (answer.status === 401) return location.replace("/signed-out?why=idle");
    // The record may not be seen any more: what stands here goes, and the page there says why.
    if (answer.redirected) return location.replace(answer.url);
    if (!answer.ok) return undefined;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("main[data-live]");
    if (!next || next.textContent === shown) return undefined;
    if (typing()) return say(message.dataset.wait);
    const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
    shown = next.textContent;
    main.replaceChildren(...next.childNodes);
    if (focused) document.getElementById(focused)?.focus();
    document.dispatchEvent(new CustomEvent("portal:swapped"));
    return say(message.dataset.changed);
  };

  const look = async () => {
    if (looking) { again = true; return; }
    looking = true;
    try {
      do {
        again = false;
        await swap();
      } while (again);
    } catch {
      // The network is away: the stream comes back by itself, and its next hint looks again.
    } finally {
      looking = false;
    }
  };

  source.addEventListener("changed", look);
  // Refused, so the browser does not ask again: look what became of the session or the record.
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) look(); });
  // A hint may have been missed while the stream was away, and before it opened: a page that shows
  // something in motion (data-live="moving") looks then too.
  let opened = main.dataset.live === "moving";
  source.addEventListener("open", () => { if (opened) look(); opened = true; });
  window.addEventListener("pagehide", () => source.close());
}
