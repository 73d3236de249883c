import Detection
import Images
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

struct JudgeTests {
  static let known = Discs.discs(48, seed: 8)

  /// Calibrated on these for `auto`, and so for 16 evaluations too.
  static let laddered = Result {
    var model = try Discs.model()
    try model.calibrate(on: known, budget: .auto, compute: Discs.compute)
    return model
  }

  @Test(
    "Verdicts do not depend on the order or number of images", arguments: [EvaluationBudget.auto, .fixed(16)])
  func independence(budget: EvaluationBudget) throws {
    let discs = Self.known
    let judge = try Judge(
      Self.laddered.get(), budget: budget, statistic: .profile, rate: 0.05, compute: Discs.compute)
    let together = try judge.judge(discs).map(\.pValue)
    let alone = try discs.indices.reversed().map { try judge.judge(discs[$0..<$0 + 1])[0].pValue }
    #expect(together == alone.reversed())
  }

  @Test("What a statistic does not need to see changes none of its scores", arguments: StatisticName.ofErrors)
  func observations(statistic: StatisticName) throws {
    var model = try Discs.model()
    if try !model.calibration().names.contains(statistic) {
      // Eyes that learned nothing see as well for this.
      let parameters = Parameters(model.eyeNetwork.parameterSpecs)
      parameters.initialise(seed: 1)
      model.eyes = FrozenWeights(parameters)
      let marking = Parameters(model.damageNetwork.parameterSpecs)
      marking.initialise(seed: 2)
      model.damageEyes = FrozenWeights(marking)
      try model.calibrate(on: Discs.discs(120, seed: 8), compute: Discs.compute)
    }
    let images = ImageBatch(shape: Discs.shape, images: [Discs.checks, Discs.discs(1, seed: 9)[0]])
    let calibration = try model.calibration()
    let all = try Scorer(model, evaluations: calibration.evaluations, compute: Discs.compute)
    let judge = try Judge(model, statistic: statistic, compute: Discs.compute)
    for (estimate, judgement) in zip(try all.estimate(images), try judge.judge(images)) {
      #expect(calibration.score(estimate, by: statistic) == judgement.score)
      #expect(calibration.words(estimate, by: statistic, all.form) == judgement.reason)
      #expect(estimate.bitsPerDim == judgement.bitsPerDim)
    }
  }

  @Test("A model is refused for a budget or rate that it is not calibrated for, with what to do")
  func refusals() throws {
    let model = try Discs.model()
    let budget = #expect(throws: SurprisalError.self) { try Judge(model, budget: .fixed(5)) }
    #expect(budget?.description.contains("--evaluations 5") == true)
    let auto = #expect(throws: SurprisalError.self) { try Judge(model, budget: .auto) }
    #expect(auto?.description.contains("--evaluations auto") == true)
    let found = model.calibrations[0].referenceCount
    #expect(throws: CalibrationError.tooFewReferences(found: found, needed: 999, rate: 0.001)) {
      try Judge(model, rate: 0.001)
    }
  }
}
