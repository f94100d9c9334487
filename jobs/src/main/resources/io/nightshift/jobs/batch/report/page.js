'use strict';
const night = JSON.parse(document.getElementById('night').textContent);
const style = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const narrow = () => window.innerWidth < 640;
const charts = new Map();

const axis = (name, rest) => Object.assign({
  name, nameLocation: 'middle', nameTextStyle: {color: style('ink')},
  axisLine: {lineStyle: {color: style('soft')}}, axisLabel: {color: style('soft'), hideOverlap: true},
  splitLine: {lineStyle: {color: style('line')}}
}, rest);
const plain = value => Number(value.toPrecision(6)).toString();

function pareto(model) {
  const {outputs, front} = night[model];
  const large = Math.max(...outputs.map(o => o.bytes)) >= 1e9;
  const unit = large ? 1e9 : 1e6, unitName = large ? 'GB' : 'MB';
  const point = o => ({value: [o.bytes / unit, Math.max(o.kld, 1e-9)], name: o.label});
  const series = ['GGUF', 'AWQ', 'EXL2'].map(format => ({
    name: format, type: 'scatter', symbolSize: 9, itemStyle: {color: style(format)},
    data: outputs.filter(o => o.format === format).map(point),
    label: {formatter: '{b}', color: style('ink'), fontSize: 11, textBorderColor: style('page'), textBorderWidth: 3}
  })).filter(s => s.data.length);
  series.push({name: 'no other is smaller and closer', type: 'line', symbol: 'none', data: front.map(point), silent: true,
    lineStyle: {color: style('soft'), type: 'dashed', width: 1.2}, itemStyle: {color: style('soft')}, z: 1});
  return {
    animation: false,
    legend: {top: 0, left: 0, textStyle: {color: style('ink')}},
    grid: {left: narrow() ? 78 : 84, right: narrow() ? 24 : 70, top: narrow() ? 66 : 44, bottom: 52},
    xAxis: axis('size, ' + unitName, {type: 'value', scale: true, nameGap: 30}),
    yAxis: axis('mean KL divergence, nats', {type: 'log', nameGap: narrow() ? 62 : 66,
      axisLabel: {color: style('soft'), formatter: plain}}),
    tooltip: {confine: true,
      formatter: p => `${p.name}<br>${p.value[0].toFixed(3)} ${unitName}, mean KLD ${plain(p.value[1])}`},
    series
  };
}

const places = [{position: 'right', offset: [0, -8]}, {position: 'top', offset: [0, 0]}, {position: 'left', offset: [0, 8]},
  {position: 'bottom', offset: [0, 0]}, {position: 'right', offset: [0, 8]}, {position: 'left', offset: [0, -8]}];

function box([x, y], width, {position, offset}) {
  const left = position === 'right' ? x + 8 : position === 'left' ? x - 8 - width : x - width / 2;
  const middle = y + offset[1] + (position === 'top' ? -15 : position === 'bottom' ? 15 : 0);
  return [left, middle - 7, left + width, middle + 7];
}

/** Puts the labels of points where they cover neither points nor each other, those of the front first. */
function placeLabels(chart, model) {
  const option = pareto(model);
  const points = option.series.filter(s => s.type === 'scatter').flatMap(s => s.data);
  const pixels = new Map(points.map(p => [p, chart.convertToPixel({xAxisIndex: 0, yAxisIndex: 0}, p.value)]));
  const taken = points.map(p => pixels.get(p)).map(([x, y]) => [x - 6, y - 6, x + 6, y + 6]);
  const onFront = new Set(night[model].front.map(o => o.label));
  const apart = (a, b) => a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
  for (const p of [...points].sort((a, b) => onFront.has(b.name) - onFront.has(a.name))) {
    const width = p.name.length * 6.6;
    const place = places.find(each => {
      const label = box(pixels.get(p), width, each);
      return label[0] > option.grid.left && label[2] < chart.getWidth() - 4 && label[1] > option.grid.top
        && taken.every(other => apart(label, other));
    });
    p.label = place ? {show: true, ...place} : {show: false};
    if (place) {
      taken.push(box(pixels.get(p), width, place));
    }
  }
  chart.setOption(option, true);
}

function errors(model, target) {
  const {cells} = night[model].errors.find(e => e.target === target);
  const layers = [...new Set(cells.map(c => c[0]))].sort((a, b) => a - b);
  const kinds = [...new Set(cells.map(c => c[1]))].reverse();
  const logs = cells.filter(c => c[2] > 0).map(c => Math.log10(c[2]));
  const lowest = logs.length ? Math.min(...logs) : -3, highest = logs.length ? Math.max(...logs) : 0;
  const rough = log => plain(Number(Math.pow(10, log).toPrecision(2)));
  const short = kind => kind.replace(/^(self_attn|mlp|block_sparse_moe)\./, '');
  return {
    animation: false,
    grid: {left: narrow() ? 96 : 130, right: 16, top: 10, bottom: 104},
    xAxis: axis('layer', {type: 'category', data: layers.map(l => l < 0 ? '–' : String(l)), nameGap: 28}),
    yAxis: axis('', {type: 'category', data: kinds.map(short),
      axisLabel: {color: style('soft'), interval: 0, fontSize: narrow() ? 10 : 12, width: narrow() ? 88 : 122,
        overflow: 'truncate'}}),
    visualMap: {min: lowest, max: highest, dimension: 2,
      orient: 'horizontal', left: 'center', bottom: 0, calculable: false, itemHeight: narrow() ? 130 : 220,
      text: ['', ''], textStyle: {color: style('ink')},
      inRange: {color: ['#2f6fd0', '#7fb3e6', '#f3e7b0', '#e58a4a', '#b3261e']}},
    title: {text: logs.length === 0 ? 'all kept as they are' : `relative error (log): ${rough(lowest)} blue to `
      + `${rough(highest)} red${narrow() ? '' : '; blank: kept as it is'}`,
      bottom: 30, left: 'center', textStyle: {color: style('soft'), fontSize: 12, fontWeight: 'normal'}},
    tooltip: {confine: true, formatter: p => kinds[p.value[1]]
      + (layers[p.value[0]] < 0 ? '' : ', layer ' + layers[p.value[0]]) + '<br>relative error ' + plain(p.value[3])},
    series: [{type: 'heatmap', itemStyle: {borderColor: style('page'), borderWidth: 1},
      data: cells.filter(c => c[2] > 0).map(([layer, kind, error]) =>
        [layers.indexOf(layer), kinds.indexOf(kind), Math.log10(error), error])}]
  };
}

const chosen = model => document.querySelector(`.choices[data-model="${CSS.escape(model)}"] [aria-pressed=true]`).textContent;

function draw() {
  for (const element of document.querySelectorAll('.chart')) {
    const {chart, model} = element.dataset;
    if (chart === 'errors') {
      const kinds = new Set(night[model].errors.find(e => e.target === chosen(model)).cells.map(c => c[1])).size;
      element.style.height = 130 + 26 * kinds + 'px';
    }
    if (!charts.has(element)) {
      charts.set(element, echarts.init(element, null, {renderer: 'svg'}));
    }
    charts.get(element).resize();
    charts.get(element).setOption(chart === 'pareto' ? pareto(model) : errors(model, chosen(model)), true);
    if (chart === 'pareto') {
      placeLabels(charts.get(element), model);
    }
  }
}

for (const choices of document.querySelectorAll('.choices')) {
  night[choices.dataset.model].errors.forEach(({target}, i) => {
    const button = document.createElement('button');
    button.textContent = target;
    button.setAttribute('aria-pressed', i === 0);
    button.onclick = () => {
      choices.querySelectorAll('button').forEach(other => other.setAttribute('aria-pressed', other === button));
      draw();
    };
    choices.append(button);
  });
}
draw();
window.addEventListener('resize', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
