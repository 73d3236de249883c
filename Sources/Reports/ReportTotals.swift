/// Counts that some formats state before their records.
public struct ReportTotals: Sendable {
  public let scored: Int
  public let outliers: Int
  public let unreadable: Int

  public init(scored: Int, outliers: Int, unreadable: Int) {
    self.scored = scored
    self.outliers = outliers
    self.unreadable = unreadable
  }
}
