// Draws a chart of data-chart: days, and one or more measures of them with a series of numbers each.
// `before` are the numbers of the days before, and `marks` are days with a text.

const DAY = 86400;
const language = document.documentElement.lang;
const charts = new WeakMap();

function look() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    series: [of("--pico-primary"), of("--warn")],
    text: of("--pico-muted-color"),
    grid: of("--line"),
    mark: of("--bad"),
  };
}

// A chart of one measure may leave the list out.
function read(element) {
  const data = JSON.parse(element.dataset.chart);
  const kind = element.dataset.kind ?? "line";
  return { marks: [], measures: [{ key: "", kind, ...data }], ...data };
}

function format(data, measure, options = {}) {
  const money = measure.money ?? Boolean(data.currency);
  const style = money && data.currency ? { style: "currency", currency: data.currency } : {};
  return new Intl.NumberFormat(language, { ...style, ...options });
}

function dayOf(time, options = { day: "numeric", month: "short" }) {
  return new Date(time * 1000).toLocaleDateString(language, options);
}

function timeOf(day) {
  return Date.parse(`${day}T12:00:00`) / 1000;
}

// Bars are stacked: each series is drawn with those below it added, the highest first.
function stacked(series) {
  const sums = series[0].values.map(() => 0);
  return series.map((one) => one.values.map((value, day) => (sums[day] += value ?? 0))).reverse();
}

function drawn(measure, style) {
  const bars = measure.kind === "bars";
  const shown = measure.series.map((one, index) => ({ ...one, colour: style.series[index] }));
  const lines = (bars ? [...shown].reverse() : shown).map((one) => ({
    stroke: one.colour,
    fill: bars ? one.colour : undefined,
    width: bars ? 0 : 2,
    points: { show: false },
    paths: bars ? uPlot.paths.bars({ size: [0.7, 28] }) : undefined,
  }));
  const values = bars ? stacked(measure.series) : measure.series.map((one) => one.values);
  if (measure.before) {
    lines.push({ stroke: style.text, width: 1.5, dash: [5, 4], points: { show: false } });
    values.push(measure.before.values);
  }
  return { lines, values };
}

// Days that are named on the axis: every so many, so that none runs into the next; the last is.
function namedDays(plot, days) {
  const fit = Math.max(1, Math.floor(plot.width / 72));
  const step = [1, 2, 7, 14, 30, 61, 122].find((one) => days.length / one <= fit) ?? 183;
  return days.filter((_, index) => (days.length - 1 - index) % step === 0).map(timeOf);
}

function axes(data, measure, style) {
  const axis = { stroke: style.text, grid: { stroke: style.grid, width: 1 }, ticks: { show: false } };
  const short = format(data, measure, { notation: "compact", maximumFractionDigits: 2 });
  const counts = measure.money ? undefined : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6];
  return [
    {
      ...axis,
      grid: { show: false },
      splits: (plot) => namedDays(plot, data.days),
      values: (_, times) => times.map((time) => dayOf(time)),
    },
    {
      ...axis,
      incrs: counts,
      size: (_, texts) => 20 + 7.5 * Math.max(3, ...(texts ?? []).map((text) => text.length)),
      values: (_, numbers) => numbers.map((number) => short.format(number)),
    },
  ];
}

// Changes of the promotion are lines across the chart.
function drawMarks(plot, data, style) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = style.mark;
  ctx.fillStyle = style.mark;
  ctx.setLineDash([2, 3]);
  for (const { day } of data.marks) {
    const x = plot.valToPos(timeOf(day), "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(x, bbox.top, 3 * devicePixelRatio, 0, 7);
    ctx.fill();
  }
  ctx.restore();
}

function lineOf(label, text) {
  const line = document.createElement("span");
  line.textContent = label ? `${label}: ${text}` : text;
  return line;
}

function showTip(plot, tip, data, measure) {
  const day = plot.cursor.idx;
  tip.hidden = day === null || day === undefined || plot.cursor.left < 0;
  if (tip.hidden) return;
  const numbers = format(data, measure);
  const say = (value) => (value === null ? "–" : numbers.format(value));
  const head = document.createElement("strong");
  head.textContent = dayOf(timeOf(data.days[day]), { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const lines = measure.series.map((one) => lineOf(one.label, say(one.values[day])));
  const before = measure.before;
  if (before && before.values[day] !== undefined) {
    lines.push(lineOf(`${before.label}, ${dayOf(timeOf(before.days[day]))}`, say(before.values[day])));
  }
  for (const mark of data.marks) if (mark.day === data.days[day]) lines.push(lineOf("", mark.text));
  tip.replaceChildren(head, ...lines);
  const left = plot.over.offsetLeft + plot.cursor.left;
  const after = left + 12 + tip.offsetWidth > plot.root.offsetWidth;
  tip.style.left = `${Math.max(0, after ? left - 12 - tip.offsetWidth : left + 12)}px`;
}

// What the colours and the dashes mean, in a line below the chart.
function keyOf(measure, style) {
  const key = document.createElement("p");
  key.className = "chart-key";
  const named = measure.series.map((one, index) => [one.label, style.series[index]]);
  if (measure.before) named.push([measure.before.label, ""]);
  for (const [label, colour] of named.length > 1 ? named : []) {
    const swatch = document.createElement("i");
    if (colour) swatch.style.background = colour;
    else swatch.className = "dashed";
    const line = lineOf("", label);
    line.prepend(swatch);
    key.append(line);
  }
  return key;
}

function draw(element, chosen) {
  const data = read(element);
  const measure = data.measures.find((one) => one.key === chosen) ?? data.measures[0];
  const style = look();
  const { lines, values } = drawn(measure, style);
  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.hidden = true;
  charts.get(element)?.destroy();
  element.replaceChildren();
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: 240,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
      // Half a day more at both ends, so that no bar is cut.
      scales: { x: { range: (_, first, last) => [first - DAY / 2, last + DAY / 2] }, y: { range: (_, __, highest) => [0, Math.max(highest ?? 0, measure.money ? 0.01 : 1) * 1.1] } },
      axes: axes(data, measure, style),
      series: [{}, ...lines],
      hooks: {
        draw: [(drawnPlot) => drawMarks(drawnPlot, data, style)],
        setCursor: [(movedPlot) => showTip(movedPlot, tip, data, measure)],
      },
    },
    [data.days.map(timeOf), ...values],
    element,
  );
  plot.root.append(tip);
  element.append(keyOf(measure, style));
  charts.set(element, plot);
  element.dataset.measure = measure.key;
}

// The switch of measures is made here: without scripts there is no chart to switch.
function addSwitch(element) {
  const place = element.closest(".report-chart")?.querySelector(".measures");
  const { measures } = read(element);
  if (!place || place.childElementCount || measures.length < 2) return;
  for (const { key, label } of measures) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = label;
    button.dataset.measure = key;
    button.addEventListener("click", () => choose(element, place, key));
    place.append(button);
  }
}

function choose(element, place, key) {
  draw(element, key);
  sessionStorage.setItem("sconto-measure", element.dataset.measure);
  for (const button of place.children) {
    button.setAttribute("aria-pressed", String(button.dataset.measure === element.dataset.measure));
  }
}

function drawAll() {
  for (const element of document.querySelectorAll(".chart")) {
    addSwitch(element);
    const place = element.closest(".report-chart")?.querySelector(".measures");
    const chosen = element.dataset.measure ?? sessionStorage.getItem("sconto-measure");
    if (place) choose(element, place, chosen ?? "");
    else draw(element, chosen);
  }
  // The numbers are open for those without scripts.
  for (const numbers of document.querySelectorAll("details.chart-numbers:not(.ready)")) {
    numbers.open = false;
    numbers.classList.add("ready");
  }
}

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("resize", drawAll);
// A page that shows progress gets its charts when it is done.
addEventListener("htmx:afterSettle", drawAll);
