import Foundation

/// One page without scripts: counts, then a table, most surprising first, each with its profile over noise levels.
struct HTMLFormat: RecordFormat {
  func begin(_ totals: ReportTotals) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Surprisal: \(totals.outliers) outliers</title>
    <style>
    body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222 }
    table { border-collapse: collapse } td, th { padding: .3em .8em; text-align: right; border-bottom: 1px solid #ddd }
    td.text, th.text { text-align: left; overflow-wrap: anywhere } tr.outlier { background: #fdecea }
    tr.unreadable { background: #fff6dd } small { color: #666 } svg { vertical-align: middle }
    </style></head><body>
    <h1>\(totals.outliers) of \(totals.scored) images do not belong</h1>
    <p>\(totals.unreadable) unreadable. Bars: how far each noise level's error lies above (up) or below (down) the
    references' mean, fine levels left, in standard deviations, cut at 8.</p>
    <table><thead><tr><th class="text">image</th><th>p-value</th><th>score</th><th>bits/dim</th><th>&plusmn;</th>
    <th>size</th><th>format</th><th>levels</th></tr></thead><tbody>

    """
  }

  func line(_ record: Record) -> String {
    let path = record.path.markupEscaped
    if let error = record.error {
      return "<tr class=\"unreadable\"><td class=\"text\">\(path)"
        + "<br><small>\(error.markupEscaped)</small></td>"
        + "<td colspan=\"7\">unreadable</td></tr>\n"
    }
    func cell(_ value: Double?, _ format: String) -> String {
      "<td>\(value.map { String(format: format, $0) } ?? "")</td>"
    }
    let isOutlier = record.outlier == true
    var why = isOutlier ? "<br><small>\((record.reason ?? "").markupEscaped)</small>" : ""
    if let warning = record.warning { why += "<br><small>damaged: \(warning.markupEscaped)</small>" }
    return "<tr\(isOutlier ? " class=\"outlier\"" : "")><td class=\"text\">\(path)\(why)</td>"
      + cell(record.pValue, "%.4f") + cell(record.score, "%.2f") + cell(record.bitsPerDim, "%.3f")
      + cell(record.standardError, "%.3f") + "<td>\(record.size ?? "")</td>"
      + "<td>\((record.format ?? "").markupEscaped)</td><td>\(bars(record.profile ?? []))</td></tr>\n"
  }

  private func bars(_ levels: [Record.Level]) -> String {
    let shapes = levels.enumerated().map { index, level -> String in
      let height = min(abs(level.z), 8) * 2
      let top = level.z > 0 ? 16 - height : 16
      return String(format: "<rect x=\"%d\" y=\"%.1f\" width=\"5\" height=\"%.1f\"/>", index * 6, top, height)
    }
    return "<svg width=\"\(levels.count * 6)\" height=\"32\" fill=\"#1f6fb4\">\(shapes.joined())</svg>"
  }

  var end: String { "</tbody></table></body></html>\n" }
}
