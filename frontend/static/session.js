// The inactivity limit on this side (R45): a warning two minutes before, and at the end a clean
// screen. The server decides; this only shows it. Times are wall-clock, so sleep changes nothing.
const WARN_MS = 120_000;
const SPOKEN = [120, 60, 30, 10];
const EVERYBODY = new BroadcastChannel("portal-session");
const idleIn = Number(document.body.dataset.idleIn);

if (document.body.dataset.idleIn !== undefined) watch();

function watch() {
  let deadline = Date.now() + idleIn * 1000;
  let dialog = null;
  let said = Infinity;

  const heard = (next) => {
    deadline = next;
    if (Date.now() < deadline - WARN_MS) dialog?.close();
  };

  const leave = (why) => {
    document.body.hidden = true;
    document.body.replaceChildren();
    location.replace(why === "idle" ? "/signed-out?why=idle" : "/signed-out");
  };

  const ask = async (path, options) => {
    const answer = await fetch(path, options);
    if (answer.status === 401) return leave("idle");
    if (!answer.ok) return undefined;
    const next = Date.now() + (await answer.json()).idle_in * 1000;
    EVERYBODY.postMessage({ deadline: next });
    return heard(next);
  };

  const extend = () => ask("/api/v1/session/extend", { method: "POST" }).catch(() => {});

  const signOut = async () => {
    await fetch("/sign-out", { method: "POST", redirect: "manual" }).catch(() => {});
    EVERYBODY.postMessage({ out: true });
    leave("out");
  };

  const open = () => {
    if (!dialog) {
      const content = document.getElementById("idle-dialog").content.cloneNode(true);
      document.body.append(content);
      dialog = document.querySelector("dialog.idle");
      dialog.querySelector("[data-extend]").addEventListener("click", extend);
      dialog.querySelector("[data-leave]").addEventListener("click", signOut);
      dialog.addEventListener("cancel", (event) => { event.preventDefault(); extend(); });
    }
    if (dialog.open) return;
    said = Infinity;
    dialog.showModal();
    // Another tab may have moved the limit without telling us: look, which moves nothing.
    ask("/api/v1/session", { headers: { "X-Background": "1" } }).catch(() => {});
  };

  const show = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    const rest = String(seconds % 60).padStart(2, "0");
    dialog.querySelector("[data-left]").textContent = `${minutes}:${rest}`;
    const due = SPOKEN.findLast((mark) => seconds <= mark);
    if (due === undefined || due >= said) return;
    said = due;
    const words = due >= 60 && seconds >= 60
      ? `${Math.round(seconds / 60)} ${dialog.dataset.minutes}`
      : `${seconds} ${dialog.dataset.seconds}`;
    const sentence = dialog.dataset.announce.replace("{time}", words);
    dialog.querySelector("[data-said]").textContent = sentence;
  };

  const look = () => {
    const left = deadline - Date.now();
    if (left <= 0) return leave("idle");
    if (left <= WARN_MS) {
      open();
      show(Math.ceil(left / 1000));
    }
    return undefined;
  };

  EVERYBODY.addEventListener("message", ({ data }) => {
    if (data.out) leave("out");
    else heard(data.deadline);
  });
  EVERYBODY.postMessage({ deadline });
  for (const form of document.querySelectorAll("[data-sign-out]")) {
    form.addEventListener("submit", () => EVERYBODY.postMessage({ out: true }));
  }
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return look();
    document.body.hidden = true; // the Back button after signing out: ask the server first
    return location.reload();
  });
  window.addEventListener("focus", look);
  setInterval(look, 1000);
  look();
}
