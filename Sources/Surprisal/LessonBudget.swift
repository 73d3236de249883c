/// Whether a model learns something beside denoising, and for how long.
public enum LessonBudget: Sendable, Hashable, CustomStringConvertible {
  /// As many steps as the training's own ask for.
  case auto
  case none
  /// So many, at least 1, of the lesson's images.
  case steps(Int)

  public init?(_ text: String) {
    switch text {
    case "auto": self = .auto
    case "none": self = .none
    default:
      guard let steps = Int(text), steps > 0 else { return nil }
      self = .steps(steps)
    }
  }

  public var description: String {
    switch self {
    case .auto: "auto"
    case .none: "none"
    case .steps(let steps): "\(steps)"
    }
  }

  /// As a checkpoint keeps it.
  var kept: Int? {
    switch self {
    case .auto: nil
    case .none: 0
    case .steps(let steps): steps
    }
  }

  init(kept: Int?) { self = kept.map { $0 == 0 ? .none : .steps($0) } ?? .auto }
}
