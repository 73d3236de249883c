import Detection
import Images
import Testing

@testable import Surprisal

struct ExaminationTests {
  @Test("Calibrating weighs what combined joins by what it sees of altered images, and a file keeps it")
  func weighs() throws {
    let images = Discs.discs(90, seed: 41)
    var model = try Discs.model()
    try model.calibrate(on: images, budget: .fixed(4), compute: Discs.compute)
    let calibration = try model.calibration(evaluations: 4)
    let kept = try #require(calibration.tensors["combined.parts"]).filter { $0 > 0 }
    #expect(kept.max() == 1 && Set(kept).count > 2, "\(kept)")
    let scorer = try Scorer(model, evaluations: 4, compute: Discs.compute)
    let estimates = try scorer.estimate(images)
    let examination = try #require(Examination(images, seed: 1))
    let areas = try examination.sitting(by: scorer, estimates).areas()
    #expect(Set(areas.keys).isSuperset(of: [.combined, .spatial, .residual]))
    // What knew the estimates before finds the same.
    #expect(try examination.sitting(by: scorer).areas() == areas)
    // Discs that are streaked, blotted or specked are no discs: always seen, these three of eighteen ways alone give .58.
    #expect(try #require(areas.values.max()) > 0.58, "\(areas)")
    let look = try Scorer(model, evaluations: 0, compute: Discs.compute)
    #expect(try examination.sensitivity(by: look, look.estimate(images)) == nil)
    let read = try Discs.withFolder { folder in
      try model.write(to: "\(folder)/m.safetensors")
      return try Model(path: "\(folder)/m.safetensors")
    }
    #expect(try read.calibration(evaluations: 4).tensors == calibration.tensors)
  }

  @Test("Of many images all but some fit where they are known anyhow, and none is told apart that fits")
  func parts() throws {
    // Every second of 300 is halved.
    let images = Discs.discs(300, seed: 46)
    for (most, count) in [(0, 75), (60, 75), (150, 150), (1200, 225)] {
      let examination = try #require(Examination(images, mostFitting: most, seed: 1))
      let (fitting, fresh) = (Set(examination.fitting), Set(examination.fresh))
      #expect(examination.fresh.count == 75 && fresh.count == 75 && fitting.isDisjoint(with: fresh))
      #expect(examination.fitting.count == count && fitting.count == count, "\(most)")
    }
    // As many as can be halved are, whatever is asked for.
    let few = try #require(Examination(Discs.discs(30, seed: 47), mostFitting: 1200, seed: 1))
    #expect(few.fitting.count == 15 && few.fresh.count == 15)
  }

  @Test("Too few images to halve are none to examine on")
  func few() {
    #expect(Examination(Discs.discs(Examination.fewest - 1, seed: 42), seed: 1) == nil)
    #expect(Examination(Discs.discs(Examination.fewest, seed: 42), seed: 1) != nil)
  }
}

struct EvaluationChoiceTests {
  @Test(
    "Where it is to be chosen, few evaluations are taken unless more tell altered images better, and it is said why"
  )
  func chosen() throws {
    var model = try Discs.model()
    try model.calibrate(on: Discs.discs(40, seed: 43), budget: .fixed(8), compute: Discs.compute)
    var told: [EvaluationChoice] = []
    let images = Discs.discs(60, seed: 44)
    try model.fit(
      to: images, anew: false, budget: .chosen, compute: Discs.compute,
      chosen: { told.append($0) })
    let choice = try #require(told.first)
    let areas = try #require(choice.areas)
    #expect(told.count == 1 && [4, 16].contains(choice.evaluations))
    // A gain of less than a hundredth is none.
    if areas.other - areas.one < 0.01 { #expect(choice.evaluations == 4) }
    #expect("\(choice)".contains("\(choice.evaluations) evaluations an image: altered images are told by"))
    // Nothing stays of what was known of other images.
    #expect(model.calibrations.map(\.evaluations) == [choice.evaluations, 0])
    let distinct = CopyGroups(of: images).representatives.count
    #expect(model.calibrations.allSatisfy { $0.referenceCount == distinct })
  }

  @Test("Too few images to try it on are judged by sixteen")
  func few() throws {
    var told: [EvaluationChoice] = []
    var model = try Discs.model()
    try model.fit(
      to: Discs.discs(12, seed: 45), anew: false, budget: .chosen, compute: Discs.compute,
      chosen: { told.append($0) })
    #expect(told.map(\.evaluations) == [16] && told[0].areas == nil)
    #expect(model.calibrations.map(\.evaluations) == [16, 0])
  }

  @Test(
    "More evaluations are taken for a hundredth beyond chance, damage for what is beyond chance, and both are said"
  )
  func rule() {
    func told(_ altered: Double, flawed: (combined: Double, damage: Double)? = nil)
      -> Examination.Sitting.Told
    {
      // Images that differ by as much as a fifth: of a hundred, a twentieth is beyond chance.
      func spread(_ mean: Double) -> [Double] { (0..<100).map { mean + ($0 % 2 == 0 ? 0.1 : -0.1) } }
      func shifted(_ mean: Double) -> [Double] { (0..<100).map { mean + ($0 / 2 % 2 == 0 ? 0.1 : -0.1) } }
      return .init(
        altered: spread(altered), flawed: flawed.map { (spread($0.combined), shifted($0.damage)) })
    }
    let same = EvaluationChoice(few: told(0.8), many: told(0.809))
    #expect(same.evaluations == 4 && same.statistic == .combined && same.flaws == nil)
    #expect(EvaluationChoice(few: told(0.8), many: told(0.82)).evaluations == 16)
    let surface = EvaluationChoice(
      few: told(0.8, flawed: (0.6, 0.65)), many: told(0.8, flawed: (0.6, 0.5)))
    #expect(surface.evaluations == 4 && surface.statistic == .damage)
    #expect("\(surface)".contains("judged by damage: made-up flaws are told by 0.600 by combined, 0.650 by"))
    // What is within chance changes nothing: a standard error of .014 here.
    let equal = EvaluationChoice(
      few: told(0.8, flawed: (0.6, 0.61)), many: told(0.82, flawed: (0.6, 0.61)))
    #expect(equal.evaluations == 16 && equal.statistic == .combined)
  }
}
