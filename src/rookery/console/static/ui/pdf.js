/** A page of text as PDF 1.4, for secrets that somebody wants to print: Courier, A4, nothing else. */

const LINES_A_PAGE = 52;
const COLUMNS = 84;

/** Text of a PDF string in Latin-1; what is not in it becomes a question mark. @param {string} text */
function escape(text) {
  return text.replace(/[^\x20-\xff]/g, '?').replace(/[\\()]/g, '\\$&');
}

/** @param {string} title @param {string[]} lines @returns {Blob} */
export function pdf(title, lines) {
  const folded = lines.flatMap((line) => line.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? ['']);
  const pages = [];
  for (let at = 0; at < folded.length || !pages.length; at += LINES_A_PAGE) pages.push(folded.slice(at, at + LINES_A_PAGE));
  /** @type {string[]} */
  const objects = [];
  objects[1] = '<< /Type /Catalog /Pages 2 0 R >>';
  objects[3] = '<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>';
  objects[4] = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>';
  const kids = pages.map((page, at) => {
    const head = `BT /F2 15 Tf 56 780 Td (${escape(title)}) Tj ET\n`;
    const text = page.map((line) => `(${escape(line)}) Tj T*`).join('\n');
    const stream = `${head}BT /F1 9.5 Tf 13.5 TL 56 748 Td\n${text}\nET`;
    const id = 5 + at * 2;
    objects[id] =
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${id + 1} 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>`;
    objects[id + 1] = `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`;
    return `${id} 0 R`;
  });
  objects[2] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${kids.length} >>`;
  let out = '%PDF-1.4\n';
  /** @type {number[]} */
  const places = [];
  for (let id = 1; id < objects.length; id += 1) {
    places[id] = out.length;
    out += `${id} 0 obj\n${objects[id]}\nendobj\n`;
  }
  const table = out.length;
  out += `xref\n0 ${objects.length}\n0000000000 65535 f \n`;
  for (let id = 1; id < objects.length; id += 1) out += `${String(places[id]).padStart(10, '0')} 00000 n \n`;
  out += `trailer\n<< /Size ${objects.length} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  const bytes = Uint8Array.from(out, (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: 'application/pdf' });
}
