import Foundation

/// A time that is left, as people say it.
enum Remaining {
  static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e7 else { return "long" }
    let whole = Int(max(seconds, 0).rounded())
    switch whole {
    case ..<90: return "\(whole) s"
    case ..<5400: return "\((whole + 30) / 60) min"
    default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
  }
}
