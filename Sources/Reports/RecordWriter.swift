/// Turns records into one format: `begin`, a `line` for each record, `end`.
public struct RecordWriter: Sendable {
  private var form: any RecordFormat

  /// - Parameter isColoured: whether text may be coloured.
  public init(_ format: ReportFormat, isColoured: Bool = false) { form = format.make(isColoured: isColoured) }

  public func begin(_ totals: ReportTotals) -> String { form.begin(totals) }

  /// What a record adds; empty where the format leaves it out (SARIF lists only what is wrong).
  public mutating func line(_ record: Record) -> String { form.line(record) }

  public var end: String { form.end }
}
