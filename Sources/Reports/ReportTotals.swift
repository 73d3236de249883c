/// Counts that some formats state before their records.
public struct ReportTotals: Sendable {
  public let scored: Int
  public let outliers: Int
  public let unreadable: Int
  /// Whether all images were taken: false after an interruption.
  public let isComplete: Bool

  public init(scored: Int, outliers: Int, unreadable: Int, isComplete: Bool = true) {
    self.scored = scored
    self.outliers = outliers
    self.unreadable = unreadable
    self.isComplete = isComplete
  }
}
