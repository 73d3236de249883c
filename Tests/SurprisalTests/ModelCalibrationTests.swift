import Detection
import Tensors
import Testing

@testable import Surprisal

struct ModelCalibrationTests {
  @Test("Samples that score unlike real images are refused with figures, or taken as what they are")
  func samples() throws {
    // Of a training as short as this one.
    var model = try Discs.model()
    func calibrate(insists: Bool) throws {
      _ = try model.calibrate(
        onSamples: 40, steps: 8, seed: 1, insists: insists, compute: Discs.compute)
    }
    let refused = #expect(throws: SurprisalError.self) { try calibrate(insists: false) }
    #expect(refused?.description.contains("p-value") == true)
    #expect(model.facts.generatedReferences == nil)
    try calibrate(insists: true)
    #expect(model.facts.generatedReferences == [16] && model.adaptive == nil)
    #expect(model.calibrations[0].referenceCount == 40)
  }

  @Test("References are of the precision asked for", arguments: Precision.supported)
  func precision(precision: Precision) throws {
    var model = try Discs.model()
    let images = Discs.discs(40, seed: 2)
    let compute = Compute(threads: 1, precision: precision)
    let scorer = try Scorer(model, compute: compute)
    let estimates = try scorer.estimate(images)
    let sensitivity = try #require(Examination(images, seed: model.noise.seed))
      .sensitivity(by: scorer, estimates)
    try model.calibrate(on: images, compute: compute)
    #expect(
      try model.calibration().tensors
        == Calibration(evaluations: 16, estimates: estimates, knowing: sensitivity).tensors)
  }

  @Test("The survey of the integrand is the same on any number of threads")
  func survey() throws {
    let images = Discs.discs(60, seed: 3)
    let controls = try [1, 2, 3].map { threads in
      var model = try Discs.model()
      try model.survey(on: images, compute: Compute(threads: threads, precision: .float32))
      return try #require(model.control?.survey)
    }
    for other in controls.dropFirst() {
      #expect(other.integrand == controls[0].integrand && other.multiples == controls[0].multiples)
    }
  }

  @Test("Many images that are looked at part by part are judged as all at once")
  func manyLooks() throws {
    var model = try Discs.model()
    let images = Discs.discs(2300, seed: 4)
    let copies = try model.calibrate(on: images, budget: .look, compute: Discs.compute)
    let distinct = images[copies.representatives]
    try #require(distinct.count >= Calibration.many)
    let estimates = try Scorer(model, evaluations: 0, compute: Discs.compute).estimate(distinct)
    let whole = try Calibration(evaluations: 0, estimates: estimates)
    #expect(try model.calibration(evaluations: 0).tensors == whole.tensors)
  }
}
