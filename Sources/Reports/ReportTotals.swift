/// Counts that some formats state before their records.
public struct ReportTotals: Sendable {
  public let scored: Int
  public let outliers: Int
  public let unreadable: Int
  /// Of the outliers, those that were accepted before.
  public let accepted: Int
  /// Nil where nothing is decided.
  public let decision: ReportDecision?
  /// Whether all images were taken: false after an interruption.
  public let isComplete: Bool

  public init(
    scored: Int, outliers: Int, unreadable: Int, accepted: Int = 0, decision: ReportDecision? = nil,
    isComplete: Bool = true
  ) {
    self.scored = scored
    self.outliers = outliers
    self.unreadable = unreadable
    self.accepted = accepted
    self.decision = decision
    self.isComplete = isComplete
  }
}
