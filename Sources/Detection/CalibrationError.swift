import Foundation

/// What keeps scores from becoming verdicts.
public enum CalibrationError: Error, Equatable, CustomStringConvertible {
  /// Fewer references than the rate needs: at least 1/fpr - 1.
  case tooFewReferences(found: Int, needed: Int, rate: Double)
  case tooFewToFit(found: Int, needed: Int)
  /// Fewer different images than can judge one another.
  case tooFewToJudge(found: Int, needed: Int)
  case invalidRate(Double)
  case notFinite
  /// The model holds no reference scores of this statistic.
  case notCalibrated(StatisticName)
  /// What was kept cannot judge a model's estimates.
  case unsuitable(String)

  public var description: String {
    switch self {
    case .tooFewReferences(let found, let needed, let rate):
      "\(found) reference images cannot support an error rate of \(rate): at least \(needed) are needed; "
        + "the smallest rate that they support is \(Self.supported(by: found))"
    case .tooFewToFit(let found, let needed):
      "\(found) images are too few to calibrate with: at least \(needed) are needed"
    case .tooFewToJudge(let found, let needed):
      "\(found) different images are too few to say what is ordinary among them: at least \(needed) are needed"
    case .invalidRate(let rate): "error rate \(rate) is not between 0 and 1"
    case .notFinite: "a score is not a finite number"
    case .notCalibrated(let name):
      "the model is not calibrated for the statistic \(name.rawValue): run surprisal fit"
    case .unsuitable(let reason): reason
    }
  }

  /// The smallest rate that so many references support, rounded up to three digits.
  private static func supported(by references: Int) -> String {
    let rate = 1 / Double(references + 1)
    let unit = pow(10, floor(log10(rate)) - 2)
    return String(format: "%g", (rate / unit - 1e-9).rounded(.up) * unit)
  }
}
