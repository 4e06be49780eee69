// The script of the page, as text: it runs in the browser only and shares nothing with the program.
// It must hold no backquote and no dollar-brace.

export const CLIENT = String.raw`'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId('data').textContent);
  const days = data.days;
  const airports = data.airports.map(([iata, place, people, arrivalDay, peakDay, peak, attack, x, y, r], index) => (
    { index, iata, place, people, arrivalDay, peakDay, peak, attack, x, y, r }));

  // Numbers: base64 of zigzag varints; a series holds differences.
  const unpack = (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const numbers = [];
    for (let at = 0; at < bytes.length; ) {
      let value = 0;
      let scale = 1;
      let byte;
      do {
        byte = bytes[at++];
        value += (byte % 128) * scale;
        scale *= 128;
      } while (byte > 127);
      numbers.push(value % 2 ? -(value + 1) / 2 : value / 2);
    }
    return numbers;
  };
  const differences = unpack(data.series);
  const series = (index) => {
    const values = [];
    let value = 0;
    for (let day = 0; day < days; day++) values.push((value += differences[index * days + day]));
    return values;
  };
  const infectious = airports.map(({ index }) => series(index));
  const totals = [0, 1, 2, 3].map((k) => series(airports.length + k));
  const flat = unpack(data.routes);
  const routes = [];
  for (let at = 0; at < flat.length; at += 3) routes.push([flat[at], flat[at + 1], flat[at + 2]]);

  // Texts.
  const grouped = new Intl.NumberFormat('en-US');
  const count = (value) => grouped.format(value);
  const percent = (share) => {
    if (share === 0) return '0%';
    if (share < 0.0001) return '<0.01%';
    if (share < 1 && share >= 0.9995) return '>99.9%';
    return (share * 100).toFixed(share < 0.01 ? 2 : 1) + '%';
  };
  const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
    'November', 'December'];
  const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const dateOf = (day) => {
    if (day === 0) return 'start of the year';
    let left = (day - 1) % 365;
    let month = 0;
    while (left >= LENGTHS[month]) left -= LENGTHS[month++];
    return (left + 1) + ' ' + MONTHS[month];
  };
  const labelOf = (day) => 'day ' + day + ', ' + dateOf(day);
  const write = (id, text) => {
    const node = byId(id);
    if (node.textContent !== text) node.textContent = text;
  };

  const SVG = 'http://www.w3.org/2000/svg';
  const draw = (parent, name, attributes, text) => {
    const node = document.createElementNS(SVG, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  };

  // State.
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  let day = 0;
  let selected = -1;
  let hovered = -1;
  let playing = false;
  let touched = false;

  // Colours: the square root of the share picks a step of the scale.
  let colours = [];
  const mixColours = () => {
    const stops = (dark.matches ? data.rampDark : data.rampLight).map((hex) =>
      [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
    colours = Array.from({ length: 129 }, (_, step) => {
      const at = (step / 128) * (stops.length - 1);
      const low = Math.min(stops.length - 2, Math.floor(at));
      const mixed = stops[low].map((v, k) => Math.round(v + (stops[low + 1][k] - v) * (at - low)));
      return 'rgb(' + mixed.join(',') + ')';
    });
  };
  const shareOf = (index, at) => (airports[index].people ? infectious[index][at] / airports[index].people : 0);
  const colourOf = (share) => colours[Math.round(128 * Math.min(1, Math.sqrt(share / data.top)))];

  // Map.
  const map = byId('map');
  const spots = [...byId('spots').children];
  const circleOf = [];
  for (const circle of spots) circleOf[Number(circle.dataset.at)] = circle;
  const shown = airports.map(() => '');
  let swell = 1;
  const paint = () => {
    for (const { index } of airports) {
      const colour = infectious[index][day] > 0 ? colourOf(shareOf(index, day)) : '';
      if (shown[index] === colour) continue;
      shown[index] = colour;
      circleOf[index].style.fill = colour;
    }
  };
  const arc = (a, b) => {
    const from = airports[a];
    const to = airports[b];
    const turn = from.x < to.x ? 0.16 : -0.16;
    const x = (from.x + to.x) / 2 + (to.y - from.y) * turn;
    const y = (from.y + to.y) / 2 - (to.x - from.x) * turn;
    return 'M' + from.x + ',' + from.y + 'Q' + x.toFixed(1) + ',' + y.toFixed(1) + ',' + to.x + ',' + to.y;
  };
  const most = routes.length ? routes[0][2] : 1;
  const drawRoutes = (parent, list) => {
    const bins = ['', '', '', ''];
    for (const [a, b, flights] of list) {
      if (!data.offMap.includes(a) && !data.offMap.includes(b)) {
        bins[Math.min(3, Math.floor(4 * Math.sqrt(flights / most)))] += arc(a, b);
      }
    }
    parent.replaceChildren();
    bins.forEach((d, k) => d && draw(parent, 'path', { d, 'stroke-width': 0.5 + 0.4 * k }));
  };
  const ringAt = (ring, index) => {
    ring.style.display = index < 0 ? 'none' : '';
    if (index < 0) return;
    ring.setAttribute('cx', airports[index].x);
    ring.setAttribute('cy', airports[index].y);
    ring.setAttribute('r', airports[index].r * swell + 2 * swell);
  };
  const resizeMap = () => {
    const units = map.viewBox.baseVal.width / (map.clientWidth || 1);
    swell = Math.min(1.7, Math.max(1, units * 0.62));
    for (const { index, r } of airports) circleOf[index].setAttribute('r', r * swell);
    ringAt(byId('ring'), selected);
    drawSizes(units);
  };

  const tip = byId('tip');
  const showTip = () => {
    tip.hidden = hovered < 0;
    ringAt(byId('hover'), hovered);
    if (hovered < 0) return;
    const airport = airports[hovered];
    const share = shareOf(hovered, day);
    tip.querySelector('b').textContent = airport.place;
    const lines = tip.querySelectorAll('span');
    lines[0].textContent = count(infectious[hovered][day]) + ' infectious of ' + count(airport.people) +
      ' (' + percent(share) + ')';
    lines[1].textContent = airport.arrivalDay === null ? 'never reached'
      : 'first infectious: ' + labelOf(airport.arrivalDay);
    const box = map.getBoundingClientRect();
    const unit = box.width / map.viewBox.baseVal.width;
    const x = (airport.x - map.viewBox.baseVal.x) * unit;
    const y = airport.y * unit;
    const gap = airport.r * swell * unit + 8;
    const left = x + gap + tip.offsetWidth <= box.width ? x + gap : x - gap - tip.offsetWidth;
    tip.style.left = Math.max(0, Math.min(box.width - tip.offsetWidth, left)) + 'px';
    tip.style.top = Math.max(0, Math.min(box.height - tip.offsetHeight,
      left < 0 ? y + gap : y - tip.offsetHeight / 2)) + 'px';
  };
  const nearest = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    const reach = 14 * (map.viewBox.baseVal.width / map.clientWidth);
    let best = -1;
    let least = Infinity;
    for (const { index, x, y, r } of airports) {
      const distance = Math.hypot(point.x - x, point.y - y);
      const inside = distance <= r * swell;
      if (!inside && distance - r * swell > reach) continue;
      // Inside overlapping circles the smallest wins: it lies on top.
      const rank = inside ? r - 1e4 : distance - r * swell;
      if (rank < least) {
        least = rank;
        best = index;
      }
    }
    return best;
  };
  const hover = (index) => {
    if (index === hovered) return;
    hovered = index;
    map.classList.toggle('hit', index >= 0);
    showTip();
  };
  map.addEventListener('pointermove', (event) => hover(nearest(event)));
  map.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && hover(-1));
  document.addEventListener('pointerdown', (event) => map.contains(event.target) || hover(-1));
  map.addEventListener('click', (event) => {
    const index = nearest(event);
    hover(index);
    if (index >= 0) choose(index);
  });

  // Legend.
  const drawScale = () => {
    const scale = byId('scale');
    const width = 240;
    scale.replaceChildren();
    for (let step = 0; step < 60; step++) {
      draw(scale, 'rect', { x: 40 + step * (width / 60), y: 0, width: width / 60 + 0.4, height: 10,
        fill: colours[Math.round((step / 59) * 128)] });
    }
    draw(scale, 'circle', { cx: 12, cy: 5, r: 5, class: 'outline' });
    draw(scale, 'text', { x: 12, y: 25, 'text-anchor': 'middle' }, 'none');
    [0.05, 0.2, 0.5, 1].forEach((part) => {
      const x = 40 + width * Math.sqrt(part);
      draw(scale, 'line', { x1: x, x2: x, y1: 10, y2: 14, stroke: 'currentColor' });
      const text = Number((data.top * part * 100).toPrecision(2)) + '%';
      draw(scale, 'text', { x, y: 25, 'text-anchor': 'middle' }, part === 1 && data.clipped ? '\u2265' + text : text);
    });
  };
  const largest = airports.reduce((a, b) => (b.people > a.people ? b : a), airports[0]);
  const drawSizes = (units) => {
    const sizes = byId('sizes');
    sizes.replaceChildren();
    if (!largest || !largest.people) return;
    const nice = (value) => {
      const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
      return power * (value >= 5 * power ? 5 : value >= 2 * power ? 2 : 1);
    };
    const middle = 16;
    let x = 1;
    for (const people of [nice(largest.people / 25), nice(largest.people / 5), nice(largest.people)]) {
      const r = Math.max(1, (largest.r * Math.sqrt(people / largest.people) * swell) / units);
      draw(sizes, 'circle', { cx: x + r, cy: middle, r, class: 'outline' });
      const label = draw(sizes, 'text', { x: x + 2 * r + 5, y: middle + 4 }, short(people));
      x += 2 * r + 5 + label.getComputedTextLength() + 16;
    }
    sizes.setAttribute('width', Math.ceil(x));
  };
  const short = (value) => (value >= 1e6 ? value / 1e6 + ' million' : count(value));

  // Chart: two panels over one time axis.
  const chart = byId('chart');
  const LEFT = () => (matchMedia('(max-width: 700px)').matches ? 48 : 52);
  const RIGHT = 14;
  let plot = null;
  const ticksUpTo = (top, wanted) => {
    const raw = top / wanted;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5].find((k) => k * power >= raw) || 10);
    const ticks = [];
    for (let k = 0; k * step <= top * 1.0001; k++) ticks.push(Number((k * step).toPrecision(6)));
    return ticks;
  };
  const everyone = totals.reduce((sum, values) => sum + values[0], 0) || 1;
  const nation = totals[2].map((value) => value / everyone);
  const band = (() => {
    const low = [];
    const high = [];
    for (let at = 0; at < days; at++) {
      const shares = airports.map(({ index }) => shareOf(index, at)).sort((a, b) => a - b);
      low.push(shares[Math.floor((shares.length - 1) * 0.1)] || 0);
      high.push(shares[Math.ceil((shares.length - 1) * 0.9)] || 0);
    }
    return { low, high };
  })();

  const panel = (options) => {
    const { top, height, max, ticks, format, title, width, left } = options;
    const y = (value) => top + height * (1 - value / max);
    const x = (at) => left + ((width - left - RIGHT) * at) / Math.max(1, days - 1);
    const head = draw(chart, 'text', { x: left, y: top - 12, class: 'title' }, title);
    if (left + head.getComputedTextLength() > width) head.textContent = options.shortTitle;
    for (const tick of ticks) {
      draw(chart, 'line', { x1: left, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: tick ? 'grid' : 'axis' });
      draw(chart, 'text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, format(tick));
    }
    const curve = (values) => values.map((value, at) =>
      (at ? 'L' : 'M') + x(at).toFixed(1) + ',' + y(Math.min(max, value)).toFixed(1)).join('');
    if (options.band) {
      const back = options.band.low.map((value, at) =>
        'L' + x(at).toFixed(1) + ',' + y(Math.min(max, value)).toFixed(1)).reverse().join('');
      draw(chart, 'path', { d: curve(options.band.high) + back + 'Z', class: 'band' });
    }
    for (const { values, key } of options.lines) draw(chart, 'path', { d: curve(values), class: 'curve c' + key });
    nameCurves({ ...options, x, y });
    return { x, y, lines: options.lines, max };
  };

  // Each name stands next to its own curve, where it meets no other curve and no other name.
  const nameCurves = ({ lines, x, y, top, height, width, left, max }) => {
    const taken = [];
    const paths = lines.map(({ values }) => values.map((value, at) => [x(at), y(Math.min(max, value))]));
    const step = days > 1 ? paths[0][1][0] - paths[0][0][0] : 1;
    lines.forEach(({ name, key, values, wave, plain, prefer }, own) => {
      const peak = Math.max(...values);
      const node = draw(chart, 'text', { class: 'name f' + key + (plain ? ' plain' : '') }, name);
      const wide = node.getComputedTextLength();
      let best = null;
      for (let at = 0; at < days; at += 2) {
        const [px, py] = paths[own][at];
        for (const [dx, dy, leader] of [
          [8, -4], [-8 - wide, -4], [8, 12], [-8 - wide, 12], [-wide / 2, -8], [-wide / 2, 17],
          [-14 - wide, -20, 1], [14, -20, 1], [-30 - wide, -38, 1], [30, -38, 1], [-14 - wide, 26, 1], [14, 26, 1],
        ]) {
          const box = [px + dx, py + dy - 10, px + dx + wide, py + dy + 3];
          if (box[0] < left + 4 || box[2] > width - RIGHT || box[1] < top || box[3] > top + height - 1) continue;
          let cost = 100 * Math.abs(at / days - prefer) + (leader ? 60 + Math.abs(dy) : 0);
          if (wave && values[at] < 0.5 * peak) cost += leader ? 200 : 80;
          paths.forEach((path, k) => {
            // A curve through the name is bad, another one as near as its own is confusing.
            const beside = path.slice(Math.max(0, Math.floor((box[0] - left - 3) / step)),
              Math.ceil((box[2] - left + 3) / step) + 1);
            const gaps = beside.map(([, cy]) => Math.max(box[1] - cy, cy - box[3], 0));
            const hits = gaps.filter((gap) => gap === 0).length;
            if (hits) cost += 120 + (400 * hits) / beside.length;
            if (k === own || leader) return;
            cost += (60 * gaps.filter((gap) => gap < 9).length) / (beside.length || 1);
            if (Math.abs(path[at][1] - py) < 8) cost += 90;
          });
          for (const other of taken) {
            if (box[0] < other[2] + 6 && box[2] > other[0] - 6 && box[1] < other[3] + 2 && box[3] > other[1] - 2) cost += 1e4;
          }
          if (!best || cost < best.cost) best = { cost, box, at: [px + dx, py + dy], leader, px, py };
        }
      }
      if (!best || best.cost >= (plain ? 120 : 1e4)) {
        node.remove();
        return;
      }
      node.setAttribute('x', best.at[0]);
      node.setAttribute('y', best.at[1]);
      taken.push(best.box);
      if (!best.leader) return;
      const edge = best.at[0] < best.px ? best.box[2] + 3 : best.box[0] - 3;
      draw(chart, 'line', { class: 'c' + key, x1: edge, y1: best.at[1] - 4, x2: best.px, y2: best.py });
      draw(chart, 'circle', { class: 'f' + key, cx: best.px, cy: best.py, r: 2 });
    });
  };
  const topAt = (values) => values.indexOf(Math.max(...values)) / days;

  const drawChart = () => {
    const width = byId('chart-box').clientWidth;
    const left = LEFT();
    const narrow = width < 640;
    const upper = { top: 34, height: narrow ? 150 : 190 };
    const lower = { top: upper.top + upper.height + 48, height: narrow ? 110 : 130 };
    const foot = lower.top + lower.height;
    chart.replaceChildren();
    chart.setAttribute('width', width);
    chart.setAttribute('height', foot + 30);
    const x = (at) => left + ((width - left - RIGHT) * at) / Math.max(1, days - 1);

    // Months: a line where each begins, its name in the middle.
    for (let begin = 1, month = 0; begin < days; begin += LENGTHS[month++ % 12]) {
      const end = Math.min(days - 1, begin + LENGTHS[month % 12]);
      for (const { top, height } of [upper, lower]) {
        draw(chart, 'line', { x1: x(begin), x2: x(begin), y1: top, y2: top + height, class: 'grid' });
      }
      if (x(end) - x(begin) < 10) continue;
      const name = MONTHS[month % 12];
      draw(chart, 'text', { x: (x(begin) + x(end)) / 2, y: foot + 18, 'text-anchor': 'middle' },
        width < 480 ? name[0] : name.slice(0, 3));
    }

    // The line of the cursor lies under the titles, its dots above the curves.
    const line = draw(chart, 'line', { class: 'cursor', x1: 0, x2: 0, y1: 0, y2: foot });
    const unit = everyone >= 2e6 ? 1e6 : everyone >= 2e3 ? 1e3 : 1;
    const unitName = unit === 1e6 ? 'People, millions' : unit === 1e3 ? 'People, thousands' : 'People';
    const first = panel({
      ...upper, width, left, title: unitName, shortTitle: unitName, max: everyone * 1.03,
      ticks: ticksUpTo(everyone, narrow ? 3 : 4), format: (value) => count(value / unit),
      lines: [
        { key: 'i', name: 'Infectious', values: totals[2], wave: true, prefer: topAt(totals[2]) + 0.03 },
        { key: 'e', name: 'Exposed', values: totals[1], wave: true, prefer: topAt(totals[1]) - 0.08 },
        { key: 's', name: 'Susceptible', values: totals[0], prefer: topAt(totals[2]) - 0.1 },
        { key: 'r', name: 'Recovered', values: totals[3], prefer: topAt(totals[2]) + 0.15 },
      ],
    });

    const own = selected < 0 ? [] : infectious[selected].map((_, at) => shareOf(selected, at));
    const base = Math.max(...nation, ...band.high, 0.001);
    const max = Math.max(base, ...own) * 1.06;
    const lines = [
      { key: 'i', name: 'all airports', values: nation, wave: true, prefer: topAt(nation) + 0.06 },
      { key: 'a', name: selected < 0 ? '' : airports[selected].iata, values: own, wave: true, prefer: topAt(own) - 0.06 },
      { key: 'b', name: 'middle 80% of airports', values: band.high, prefer: topAt(band.high) + 0.1, plain: true },
    ].filter(({ values }) => values.length);
    const second = panel({
      ...lower, width, left, max, ticks: ticksUpTo(max, 3), lines, band,
      title: 'Infectious share of residents' + (selected < 0 ? '' : ': ' + airports[selected].place),
      shortTitle: 'Infectious share' + (selected < 0 ? '' : ': ' + airports[selected].iata),
      format: (value) => Number((value * 100).toPrecision(4)) + '%',
    });

    const cursor = draw(chart, 'g', {});
    const dots = [first, second].flatMap(({ y, lines, max }) => lines.filter(({ key }) => key !== 'b').map(({ key, values }) => ({
      node: draw(cursor, 'circle', { class: 'dot f' + key, r: 4 }), y: (at) => y(Math.min(max, values[at])),
    })));
    plot = { x, line, cursor, dots, left, width };
    moveCursor();
  };
  const moveCursor = () => {
    for (const part of [plot.line, plot.cursor]) {
      part.setAttribute('transform', 'translate(' + plot.x(day).toFixed(1) + ',0)');
    }
    for (const dot of plot.dots) dot.node.setAttribute('cy', dot.y(day).toFixed(1));
  };
  const scrub = (event) => {
    const at = (event.clientX - chart.getBoundingClientRect().left - plot.left) / (plot.width - plot.left - RIGHT);
    pause();
    go(Math.round(at * (days - 1)));
  };
  chart.addEventListener('pointerdown', (event) => {
    if (event.button === 0) scrub(event);
  });
  chart.addEventListener('pointermove', (event) => {
    if (event.buttons & 1) scrub(event);
  });

  // The chosen day.
  const slider = byId('day');
  slider.max = days - 1;
  const show = () => {
    const text = labelOf(day);
    slider.value = day;
    slider.setAttribute('aria-valuetext', text);
    write('label', text);
    write('day-number', 'Day ' + day);
    write('date', dateOf(day));
    totals.forEach((values, k) => {
      write('n' + k, count(values[day]));
      write('p' + k, percent(values[day] / everyone));
    });
    const reached = airports.filter(({ arrivalDay }) => arrivalDay !== null && arrivalDay <= day).length;
    write('reached', count(reached));
    write('now', reached === 1 ? '1 airport reached' : count(reached) + ' airports reached');
    if (selected >= 0) {
      write('own-n', count(infectious[selected][day]));
      write('own-p', percent(shareOf(selected, day)));
    }
    paint();
    if (plot) moveCursor();
    if (hovered >= 0) showTip();
  };
  const go = (target) => {
    day = Math.max(0, Math.min(days - 1, target));
    touched = true;
    show();
    if (!playing) remember();
  };

  // The chosen airport.
  const select = (index) => {
    selected = index;
    const airport = airports[index];
    byId('pick').value = String(index);
    ringAt(byId('ring'), index);
    drawRoutes(byId('spokes'), routes.filter(([a, b]) => a === index || b === index));
    byId('routes').classList.add('dim');
    write('own-people', count(airport.people));
    write('own-arrival', airport.arrivalDay === null ? 'never' : 'day ' + airport.arrivalDay);
    write('own-peak', airport.arrivalDay === null ? '\u2013' : 'day ' + airport.peakDay);
    write('own-peak-n', count(airport.peak));
    write('own-peak-p', percent(airport.people ? airport.peak / airport.people : 0));
    write('own-attack', percent(airport.attack));
    for (const row of document.querySelectorAll('.largest tbody tr')) {
      row.classList.toggle('on', Number(row.dataset.at) === index);
    }
    if (plot) drawChart();
    show();
  };
  const choose = (index) => {
    select(index);
    remember();
  };
  byId('pick').addEventListener('change', (event) => {
    choose(Number(event.target.value));
  });
  for (const row of document.querySelectorAll('.largest tbody tr')) {
    row.querySelector('button').addEventListener('click', () => choose(Number(row.dataset.at)));
  }

  // Play: fifteen days a second, or a week at a time for those who asked for less motion.
  let last = 0;
  const tick = (time) => {
    if (!playing) return;
    const [span, stride] = calm.matches ? [900, 7] : [1000 / 15, 1];
    const steps = Math.floor((time - last) / span);
    if (steps > 0) {
      last = steps > 10 ? time : last + steps * span;
      go(day + Math.min(steps, 10) * stride);
      if (day >= days - 1) pause();
    }
    requestAnimationFrame(tick);
  };
  const icon = () => {
    byId('icon').setAttribute('d', playing ? 'M2 1h4v12H2zM9 1h4v12H9z' : 'M3 1l11 6.5L3 14z');
    byId('play').setAttribute('aria-label', playing ? 'Pause' : 'Play');
  };
  const play = () => {
    if (!touched || day >= days - 1) go(0);
    playing = true;
    last = performance.now();
    icon();
    requestAnimationFrame(tick);
  };
  const pause = () => {
    if (!playing) return;
    playing = false;
    icon();
    remember();
  };
  byId('play').addEventListener('click', () => (playing ? pause() : play()));
  slider.addEventListener('input', () => {
    pause();
    go(Number(slider.value));
  });
  document.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const on = event.target instanceof Element ? event.target.closest('select, button, input') : null;
    if (event.key === ' ' && (!on || on === slider)) {
      event.preventDefault();
      playing ? pause() : play();
      return;
    }
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || (on && on.tagName === 'SELECT')) return;
    event.preventDefault();
    pause();
    go(day + step * (event.shiftKey ? 7 : 1));
  });

  // The address keeps the day and the airport.
  let timer;
  const remember = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const airport = selected < 0 ? '' : '&airport=' + encodeURIComponent(airports[selected].iata);
      try {
        history.replaceState(null, '', '#day=' + day + airport);
      } catch {
        // Some browsers forbid it for local files; then the address stays as it is.
      }
    }, 200);
  };
  const fromAddress = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const known = [wanted.get('airport'), data.origin].map((code) => airports.find(({ iata }) => iata === code));
    const airport = known[0] || known[1] || largest;
    if (wanted.has('day')) {
      day = Math.max(0, Math.min(days - 1, Math.round(Number(wanted.get('day')) || 0)));
      touched = true;
    } else if (!touched) {
      day = totals[2].indexOf(Math.max(...totals[2]));
    }
    if (airport) select(airport.index);
    else show();
  };
  addEventListener('hashchange', fromAddress);

  dark.addEventListener('change', () => {
    mixColours();
    shown.fill('?');
    drawScale();
    paint();
  });
  mixColours();
  drawScale();
  drawRoutes(byId('routes'), routes.slice(0, 200));
  resizeMap();
  icon();
  fromAddress();
  drawChart();
  let width = 0;
  new ResizeObserver(() => {
    const now = document.documentElement.clientWidth;
    if (now === width) return;
    width = now;
    hover(-1);
    resizeMap();
    drawChart();
  }).observe(document.body);
})();
`;
