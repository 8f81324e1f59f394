// Draws charts of their data-chart: days, and a series of numbers for each line or bar.

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    series: [of("--pico-primary"), of("--warn")],
    text: of("--pico-muted-color"),
    grid: of("--line"),
  };
}

// Bars are stacked: each series is drawn with those below it added, the highest first.
function stacked(series) {
  const sums = series[0].values.map(() => 0);
  return series
    .map((one) => one.values.map((value, day) => (sums[day] += value)))
    .reverse();
}

function draw(element) {
  const { label, days, series } = JSON.parse(element.dataset.chart);
  const bars = element.dataset.kind === "bars";
  const look = colours();
  const axis = { stroke: look.text, grid: { stroke: look.grid, width: 1 }, ticks: { show: false } };
  const shown = bars ? [...series].reverse() : series;
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language);
  element.replaceChildren();
  new uPlot(
    {
      width: element.clientWidth,
      height: 220,
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, __, highest) => [0, Math.max(highest, 1) * 1.1] } },
      axes: [
        { ...axis, values: (_, times) => times.map((time) => dayOf(time, language)) },
        { ...axis, size: 56, incrs: bars ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000] : undefined },
      ],
      series: [
        { label, value: (_, time) => (time === null ? "–" : dayOf(time, language)) },
        ...shown.map((one, index) => {
          const original = series.indexOf(one);
          return {
            label: one.label,
            stroke: look.series[original],
            fill: bars ? look.series[original] : undefined,
            width: bars ? 0 : 2,
            points: { show: false },
            paths: bars ? uPlot.paths.bars({ size: [0.8, 24] }) : undefined,
            value: (_, __, ___, day) => (day === null ? "–" : number.format(one.values[day])),
          };
        }),
      ],
    },
    [
      days.map((day) => Date.parse(`${day}T12:00:00`) / 1000),
      ...(bars ? stacked(series) : series.map((one) => one.values)),
    ],
    element,
  );
}

function dayOf(time, language) {
  return new Date(time * 1000).toLocaleDateString(language, { day: "numeric", month: "short" });
}

function drawAll() {
  document.querySelectorAll(".chart").forEach(draw);
}

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("resize", drawAll);
// A page that shows progress gets its charts when it is done.
addEventListener("htmx:afterSettle", drawAll);
