import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from '#shared/process/config.ts'

/**
 * Writes `test/fixtures/csv-files.json`: one table as LibreOffice, Python's `csv` and the package `xlsx` write it, in five encodings
 * with three separators each. Needs `soffice` (Debian: `apt-get install --no-install-recommends libreoffice-calc`), `python3` and
 * `npm`; the tests need only the file. Run it as `node test/support/make-csv-files.ts`.
 */

/** Letters that every one of the encodings has. */
const TABLE = [
  ['Nom', 'Numéro de téléphone', 'Ville', 'opt_out'],
  ['Hélène Côté', '+212661000101', 'Fès; médina', 'oui'],
  ['Zoé "Zaza" Bérangère', '0661 00 01 02', 'Salé, près du port', ''],
  ['=François', '+212 661-000103', 'ligne 1\nligne 2', ''],
  ['Noël', '212661000104', "à l'étage", 'x'],
]
const ENCODINGS = { 'utf-8': 76, 'utf-8-sig': 76, 'utf-16': 65_535, cp1252: 1, cp1256: 38 } as const
const SEPARATORS = [',', ';', '\t']

interface CsvFile {
  program: string
  encoding: string
  separator: string
  base64: string
}

const folder = mkdtempSync(path.join(tmpdir(), 'csv-files-'))
const files: CsvFile[] = []
execFileSync('npm', ['install', '--no-save', '--silent', '--prefix', folder, 'xlsx@0.18.5'])
for (const encoding of Object.keys(ENCODINGS) as (keyof typeof ENCODINGS)[])
  for (const separator of SEPARATORS) {
    const add = (program: string, bytes: Buffer) => files.push({ program, encoding, separator, base64: bytes.toString('base64') })
    add('LibreOffice', libreOffice(encoding, separator))
    add("Python's csv", python(`csv.writer(file, delimiter=${JSON.stringify(separator)}).writerows(table)`, encoding))
    add('xlsx', python(`file.write(${JSON.stringify(sheet(separator))})`, encoding))
  }
rmSync(folder, { recursive: true })
writeFileSync(path.join(ROOT, 'test/fixtures/csv-files.json'), `${JSON.stringify(files, null, 2)}\n`)

function libreOffice(encoding: keyof typeof ENCODINGS, separator: string): Buffer {
  const source = path.join(folder, 'table.fods')
  writeFileSync(source, flatSheet())
  // Separator, quotation mark, encoding, first line; text as it is shown; the last one writes a byte order mark.
  const mark = encoding === 'utf-8-sig' ? ',,,,,true' : ''
  const filter = `Text - txt - csv (StarCalc):${separator.charCodeAt(0)},34,${ENCODINGS[encoding]},1,,0,false,true,false${mark}`
  const home = `-env:UserInstallation=file://${folder}/home`
  execFileSync('soffice', [home, '--headless', '--convert-to', `csv:${filter}`, '--outdir', folder, source], { stdio: 'ignore' })
  return readFileSync(path.join(folder, 'table.csv'))
}

/** The table as a spreadsheet of LibreOffice in plain XML; the last number is a number. */
function flatSheet(): string {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const cell = (text: string) =>
    /^\d{12}$/.test(text)
      ? `<table:table-cell office:value-type="float" office:value="${text}"/>`
      : `<table:table-cell office:value-type="string">${text
          .split('\n')
          .map(line => `<text:p>${escaped(line)}</text:p>`)
          .join('')}</table:table-cell>`
  const rows = TABLE.map(row => `<table:table-row>${row.map(cell).join('')}</table:table-row>`)
  const names = ['office', 'table', 'text'].map(name => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
  return `<?xml version="1.0" encoding="UTF-8"?><office:document ${names.join(' ')} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet><table:table table:name="t">${rows.join('')}</table:table></office:spreadsheet></office:body></office:document>`
}

function python(statement: string, encoding: string): Buffer {
  const out = path.join(folder, 'python.csv')
  const code = `import csv\ntable = ${JSON.stringify(TABLE)}\nwith open(${JSON.stringify(out)}, 'w', encoding='${encoding}', newline='') as file:\n  ${statement}\n`
  execFileSync('python3', ['-c', code])
  return readFileSync(out)
}

/** The table as the package `xlsx` writes it; Python encodes it, because Node only decodes code pages. */
function sheet(separator: string): string {
  const code = `const { utils } = require('xlsx'); process.stdout.write(utils.sheet_to_csv(utils.aoa_to_sheet(${JSON.stringify(TABLE)}), { FS: ${JSON.stringify(separator)} }))`
  const script = path.join(folder, 'sheet.cjs')
  writeFileSync(script, code)
  return execFileSync('node', [script], { encoding: 'utf8', cwd: folder })
}
