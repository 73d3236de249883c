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
  /// Of a run whose records are to be put together with those of others.
  public let part: PartFacts?

  public init(
    scored: Int, outliers: Int, unreadable: Int, accepted: Int = 0, decision: ReportDecision? = nil,
    isComplete: Bool = true, part: PartFacts? = nil
  ) {
    self.scored = scored
    self.outliers = outliers
    self.unreadable = unreadable
    self.accepted = accepted
    self.decision = decision
    self.isComplete = isComplete
    self.part = part
  }
}
