import Diffusion

@testable import Detection

// Images of which no two go together, as most tests have them.

extension Statistic {
  init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(fitting: GroupedEstimates(estimates))
  }

  static func crossFitted(
    _ estimates: [SurprisalEstimate], by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    try crossFitted(GroupedEstimates(estimates), by: split)
  }
}

extension Calibration {
  init(evaluations: Int, fitting: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(evaluations: evaluations, fitting: GroupedEstimates(fitting))
  }

  init(
    evaluations: Int, fitting: [SurprisalEstimate], references: [SurprisalEstimate]
  ) throws(CalibrationError) {
    try self.init(evaluations: evaluations, fitting: GroupedEstimates(fitting), references: references)
  }
}
