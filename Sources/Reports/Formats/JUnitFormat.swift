import Foundation

/// JUnit XML as CI servers read it: a test an image, a failure an outlier, an error an unreadable file.
struct JUnitFormat: RecordFormat {
  func begin(_ totals: ReportTotals) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
    <testsuite name="surprisal" tests="\(totals.scored + totals.unreadable)" failures="\(totals.outliers)" errors="\(totals.unreadable)">

    """
      + (totals.isComplete ? "" : "<properties><property name=\"incomplete\" value=\"true\"/></properties>\n")
  }

  func line(_ record: Record) -> String {
    let name = "<testcase classname=\"surprisal\" name=\"\(record.path.markupEscaped)\""
    if let error = record.error {
      return name + "><error message=\"\(error.markupEscaped)\"/></testcase>\n"
    }
    let properties = [
      ("width", record.width.map { "\($0)" }), ("height", record.height.map { "\($0)" }),
      ("format", record.format),
    ].compactMap { name, value in
      value.map { "<property name=\"\(name)\" value=\"\($0.markupEscaped)\"/>" }
    }.joined()
    var parts = properties.isEmpty ? "" : "<properties>\(properties)</properties>"
    if record.outlier == true {
      let message = String(
        format: "p-value %.4g, %@ %.3f%@: ", record.pValue ?? 1,
        (record.statistic ?? "") as NSString, record.score ?? 0, record.bits as NSString)
      parts += "<failure message=\"\((message + (record.reason ?? "")).markupEscaped)\"/>"
    }
    return name + (parts.isEmpty ? "/>\n" : ">\(parts)</testcase>\n")
  }

  var end: String { "</testsuite>\n</testsuites>\n" }
}
