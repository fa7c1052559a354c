// Opening hours also in the reader's own time, where that is another (R58). Without JavaScript the
// practice's time stands alone, with its zone.
const language = document.documentElement.lang;

const clock = (moment, zone, style) =>
  new Intl.DateTimeFormat(language, { timeZone: zone, ...style }).format(moment);

for (const line of document.querySelectorAll("[data-own-time]")) {
  const moments = [...line.querySelectorAll("time")].map((time) => new Date(time.dateTime));
  const whole = { weekday: "long", hour: "numeric", minute: "2-digit" };
  const differs = moments.some((moment) =>
    clock(moment, line.dataset.ownTime, whole) !== clock(moment, undefined, whole));
  if (!differs) continue;
  const sameDay = moments.every((moment) =>
    clock(moment, line.dataset.ownTime, { weekday: "long" }) === clock(moment, undefined, { weekday: "long" }));
  const style = sameDay ? { hour: "numeric", minute: "2-digit" } : whole;
  line.querySelectorAll("time").forEach((time, index) => {
    time.textContent = clock(moments[index], undefined, style);
  });
  line.hidden = false;
}
