/// How records are written, by the name that commands take.
public enum ReportFormat: String, Sendable, CaseIterable {
  case text, jsonl, csv, html, sarif, junit, markdown

  /// - Parameter isColoured: whether the output may hold colours.
  package func make(isColoured: Bool) -> any RecordFormat {
    switch self {
    case .text: TextFormat(isColoured: isColoured)
    case .jsonl: JSONLinesFormat()
    case .csv: CSVFormat()
    case .html: HTMLFormat()
    case .sarif: SARIFFormat()
    case .junit: JUnitFormat()
    case .markdown: MarkdownFormat()
    }
  }
}
