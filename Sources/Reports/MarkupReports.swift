import Foundation

/// Text made safe inside XML and HTML; characters that XML 1.0 cannot hold become U+FFFD.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\t", "\n", "\r": result += "&#\(scalar.value);"
    case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// JUnit XML as CI servers read it: a test a image, a failure an outlier, an error an unreadable file.
enum JUnitReport {
  static func begin(_ totals: ReportTotals) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
    <testsuite name="surprisal" tests="\(totals.scored + totals.unreadable)" failures="\(totals.outliers)" errors="\(totals.unreadable)">

    """
  }

  static func testCase(_ record: Record) -> String {
    let name = "<testcase classname=\"surprisal\" name=\"\(escaped(record.path))\""
    if let error = record.error {
      return name + "><error message=\"\(escaped(error))\"/></testcase>\n"
    }
    guard record.outlier == true else { return name + "/>\n" }
    let message = String(
      format: "p-value %.4g, %@ %.3f, %.3f bits/dim: ", record.pValue ?? 1,
      (record.statistic ?? "") as NSString,
      record.score ?? 0, record.bitsPerDim ?? 0)
    return name + "><failure message=\"\(escaped(message + (record.reason ?? "")))\"/></testcase>\n"
  }

  static let end = "</testsuite>\n</testsuites>\n"
}

/// SARIF 2.1.0 (OASIS): outliers as warnings, unreadable files as errors.
enum SARIFReport {
  static let begin = """
    {"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{
    "tool":{"driver":{"name":"surprisal","rules":[
    {"id":"outlier","shortDescription":{"text":"Image does not belong to the population"}},
    {"id":"unreadable","shortDescription":{"text":"Image cannot be decoded"}}]}},
    "results":[

    """

  static func result(_ record: Record) -> String? {
    let (rule, level, text): (String, String, String)
    if let error = record.error {
      (rule, level, text) = ("unreadable", "error", error)
    } else if record.outlier == true {
      let figures = String(
        format: "p-value %.4g, %.3f bits/dim: ", record.pValue ?? 1, record.bitsPerDim ?? 0)
      (rule, level, text) = ("outlier", "warning", figures + (record.reason ?? ""))
    } else {
      return nil
    }
    // A URI reference: what a path may hold and a URI not is percent-encoded (RFC 3986).
    let uri = record.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? record.path
    let absolute = uri.hasPrefix("/") ? "file://\(uri)" : uri
    return
      "{\"ruleId\":\"\(rule)\",\"level\":\"\(level)\",\"message\":{\"text\":\(RecordWriter.quoted(text))},"
      + "\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\(RecordWriter.quoted(absolute))}}}]}"
  }

  static let end = "\n]}]}\n"
}

/// One page without scripts: counts, then a table, most surprising first, each with its profile over noise levels.
enum HTMLReport {
  static func begin(_ totals: ReportTotals) -> String {
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
    <th>levels</th></tr></thead><tbody>

    """
  }

  static func row(_ record: Record) -> String {
    let path = escaped(record.path)
    if let error = record.error {
      return "<tr class=\"unreadable\"><td class=\"text\">\(path)<br><small>\(escaped(error))</small></td>"
        + "<td colspan=\"5\">unreadable</td></tr>\n"
    }
    func cell(_ value: Double?, _ format: String) -> String {
      "<td>\(value.map { String(format: format, $0) } ?? "")</td>"
    }
    let isOutlier = record.outlier == true
    var why = isOutlier ? "<br><small>\(escaped(record.reason ?? ""))</small>" : ""
    if let warning = record.warning { why += "<br><small>damaged: \(escaped(warning))</small>" }
    return "<tr\(isOutlier ? " class=\"outlier\"" : "")><td class=\"text\">\(path)\(why)</td>"
      + cell(record.pValue, "%.4f") + cell(record.score, "%.2f") + cell(record.bitsPerDim, "%.3f")
      + cell(record.standardError, "%.3f") + "<td>\(bars(record.profile ?? []))</td></tr>\n"
  }

  private static func bars(_ levels: [Record.Level]) -> String {
    let shapes = levels.enumerated().map { index, level -> String in
      let height = min(abs(level.z), 8) * 2
      let top = level.z > 0 ? 16 - height : 16
      return String(format: "<rect x=\"%d\" y=\"%.1f\" width=\"5\" height=\"%.1f\"/>", index * 6, top, height)
    }
    return "<svg width=\"\(levels.count * 6)\" height=\"32\" fill=\"#1f6fb4\">\(shapes.joined())</svg>"
  }

  static let end = "</tbody></table></body></html>\n"
}
