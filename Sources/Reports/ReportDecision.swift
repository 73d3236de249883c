/// What was decided of a whole set of images, and why.
public struct ReportDecision: Sendable, Equatable, CustomStringConvertible {
  public enum Outcome: String, Sendable { case passed, failed, undecided }

  public let outcome: Outcome
  /// By how much, in words.
  public let reason: String

  public init(_ outcome: Outcome, reason: String) {
    self.outcome = outcome
    self.reason = reason
  }

  public var description: String { "gate \(outcome.rawValue): \(reason)" }
}
