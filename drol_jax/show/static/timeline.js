// Confidence of each target over the last seconds of the video, as lines on a canvas.

const LEFT = 46;
const BOTTOM = 20;

// Moments are [time, [[name, confidence, state], ...]], oldest first; `colours` maps names to colours.
export function timeline(canvas) {
  const pen = canvas.getContext("2d");
  return (moments, seconds, colours) => {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const density = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(width * density), height: Math.round(height * density) });
    pen.setTransform(density, 0, 0, density, 0, 0);
    const style = getComputedStyle(canvas);
    const [ink, edge] = [style.getPropertyValue("--quiet"), style.getPropertyValue("--edge")];
    const end = moments.at(-1)?.[0] ?? 0;
    const across = (time) => width - 8 - ((end - time) / seconds) * (width - LEFT - 8);
    const up = (value) => 9 + (1 - value) * (height - BOTTOM - 9);
    pen.font = "12px system-ui, sans-serif";
    Object.assign(pen, { fillStyle: ink, strokeStyle: edge, lineWidth: 1, textAlign: "right", textBaseline: "middle" });
    for (const value of [0, 0.5, 1]) {
      pen.fillText(`${value * 100}%`, LEFT - 6, Math.max(6, up(value)));
      line([[LEFT, up(value)], [width - 8, up(value)]]);
    }
    pen.textBaseline = "bottom";
    for (let ago = 0; ago <= seconds; ago += seconds / (width < 420 ? 2 : 6)) {
      pen.textAlign = ago === 0 ? "right" : ago === seconds ? "left" : "center";
      pen.fillText(ago === 0 ? "now" : `−${Math.round(ago)} s`, across(end - ago), height - 3);
    }
    for (const [name, colour] of colours) curve(name, colour);

    // Lines end where a target is missing and where its confidence is unknown.
    function curve(name, colour) {
      let points = [];
      const flush = () => {
        Object.assign(pen, { strokeStyle: colour, lineWidth: 2, lineJoin: "round" });
        if (points.length > 1) line(points);
        else if (points.length) pen.fillRect(points[0][0] - 1, points[0][1] - 1, 2, 2);
        points = [];
      };
      pen.fillStyle = colour;
      for (const [time, targets] of moments) {
        const found = targets.find((target) => target[0] === name);
        if (found && found[1] !== null) points.push([across(time), up(found[1])]);
        else flush();
      }
      flush();
    }
  };

  function line(points) {
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.stroke();
  }
}
