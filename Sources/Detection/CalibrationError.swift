/// What keeps scores from becoming verdicts.
public enum CalibrationError: Error, Equatable, CustomStringConvertible {
  /// Fewer references than the rate needs: at least 1/fpr - 1.
  case tooFewReferences(found: Int, needed: Int, rate: Double)
  case tooFewToFit(found: Int, needed: Int)
  case invalidRate(Double)
  case notFinite
  /// The model holds no reference scores of this statistic.
  case notCalibrated(StatisticName)
  /// What was kept cannot judge a model's estimates.
  case unsuitable(String)

  public var description: String {
    switch self {
    case .tooFewReferences(let found, let needed, let rate):
      "\(found) reference images cannot support an error rate of \(rate): at least \(needed) are needed"
    case .tooFewToFit(let found, let needed):
      "\(found) images are too few to calibrate with: at least \(needed) are needed"
    case .invalidRate(let rate): "error rate \(rate) is not between 0 and 1"
    case .notFinite: "a score is not a finite number"
    case .notCalibrated(let name):
      "the model is not calibrated for the statistic \(name.rawValue): run surprisal calibrate"
    case .unsuitable(let reason): reason
    }
  }
}
