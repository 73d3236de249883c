/// How many network evaluations an image may cost.
public enum EvaluationBudget: Sendable, Equatable, CustomStringConvertible {
  /// The same for every image; 0: one look, and no bits.
  case fixed(Int)
  /// Few, and more only while the verdict is open.
  case auto
  /// As few as do, by the images that references are of (`EvaluationChoice`): for fitting and training.
  case chosen

  /// Stages of `auto`.
  public static let ladder = [4, 16, 64]

  /// `N` or `auto`; nil for anything else.
  public init?(_ text: String) {
    if text == "auto" {
      self = .auto
    } else if let count = Int(text), (0...4096).contains(count) {
      self = .fixed(count)
    } else {
      return nil
    }
  }

  /// Nil for `auto` and `chosen`.
  public var count: Int? {
    if case .fixed(let count) = self { count } else { nil }
  }

  /// Without an evaluation: what an image looks like at once.
  public static let look = EvaluationBudget.fixed(0)

  /// What models are calibrated for unless asked otherwise.
  public static let standard = EvaluationBudget.fixed(standardCount)
  public static let standardCount = 16

  public var description: String {
    switch self {
    case .fixed(let count): "\(count)"
    case .auto: "auto"
    case .chosen: "chosen"
    }
  }
}
