/// Turns records into one format: `begin`, a `line` for each record, `end`.
public struct RecordWriter: Sendable {
  private var form: any RecordFormat

  /// What is known of the run when `end` is taken; formats that have no place for it leave it out.
  public var facts = ReportFacts() {
    didSet { form.take(facts) }
  }

  /// - Parameter isColoured: whether text may be coloured.
  public init(_ format: ReportFormat, isColoured: Bool = false) { form = format.make(isColoured: isColoured) }

  public mutating func begin(_ totals: ReportTotals) -> String { form.begin(totals) }

  /// What a record adds; empty where the format leaves it out (SARIF lists only what is wrong), or writes all at the end
  /// (HTML).
  public mutating func line(_ record: Record) -> String { form.line(record) }

  public var end: String { form.end }
}
