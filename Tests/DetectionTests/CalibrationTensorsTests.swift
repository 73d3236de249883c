import Diffusion
import Images
import Tensors
import Testing

@testable import Detection

struct CalibrationTensorsTests {
  struct Missing: Error {}

  static func fitted() throws -> (calibration: Calibration, images: [SurprisalEstimate]) {
    var random = RandomSource(seed: 3, stream: 13)
    let images = (0..<120).map { _ in Synthetic.seen(&random) }
    return (try Calibration(evaluations: 8, estimates: images), images)
  }

  /// The calibration that kept these tensors, rounded as a file rounds them.
  static func read(
    _ kept: [String: [Double]], _ form: EstimateForm = Synthetic.form
  ) throws -> Calibration {
    try Calibration(evaluations: 8, form: form, names: Set(kept.keys)) { name, count in
      guard let values = kept[name], count == nil || count == values.count else { throw Missing() }
      return values.map { Double(Float($0)) }
    }
  }

  @Test("Every statistic scores and explains the same after it was kept and read")
  func roundTrip() throws {
    let (fitted, images) = try Self.fitted()
    let read = try Self.read(fitted.tensors)
    #expect(read.names == StatisticName.ofErrors)
    #expect(read.tensors.keys.sorted() == fitted.tensors.keys.sorted())
    for name in StatisticName.ofErrors {
      for image in images.prefix(20) {
        let (before, after) = (fitted.score(image, by: name), read.score(image, by: name))
        #expect(before == after, "\(name.rawValue)")
        #expect(fitted.pValue(before, by: name) == read.pValue(after, by: name), "\(name.rawValue)")
        #expect(
          fitted.words(image, by: name, Synthetic.form) == read.words(image, by: name, Synthetic.form),
          "\(name.rawValue)")
      }
    }
  }

  @Test("A statistic that the file does not know is left out, and asking for it is refused")
  func newerStatistic() throws {
    let (fitted, images) = try Self.fitted()
    for name in StatisticName.ofErrors {
      let read = try Self.read(fitted.tensors.filter { $0.key != "reference.\(name.rawValue)" })
      #expect(read.names == StatisticName.ofErrors.filter { $0 != name })
      #expect(throws: CalibrationError.notCalibrated(name)) { try read.require(rate: 0.1, for: name) }
      for other in read.names {
        #expect(read.score(images[0], by: other) == fitted.score(images[0], by: other), "\(other.rawValue)")
      }
    }
  }

  @Test("Tensors of other nodes, of another shape, cut, or missing are refused")
  func refusals() throws {
    let kept = try Self.fitted().calibration.tensors
    let fewer = EstimateForm(sigmas: Array(Synthetic.form.sigmas.prefix(4)), shape: Synthetic.grid.shape)
    let wider = EstimateForm(
      sigmas: Synthetic.form.sigmas, shape: ImageShape(height: 16, width: 128, channels: 1))
    for form in [fewer, wider] {
      #expect(throws: CalibrationError.self) { try Self.read(kept, form) }
    }
    for name in kept.keys where !name.hasPrefix("reference.") {
      #expect(throws: (any Error).self, "\(name) missing") { try Self.read(kept.filter { $0.key != name }) }
      var cut = kept
      cut[name]?.removeLast()
      #expect(throws: (any Error).self, "\(name) cut") { try Self.read(cut) }
    }
    #expect(throws: CalibrationError.unsuitable("there are no reference scores")) { try Self.read([:]) }
  }

  @Test("Each statistic has a name of its own, and parts that are statistics")
  func registry() {
    let names = StatisticRegistry.all.map { $0.name }
    #expect(Set(names).count == names.count)
    for type in StatisticRegistry.all {
      #expect(type.parts.allSatisfy { names.contains($0) && $0 != type.name }, "\(type.name.rawValue)")
      #expect(StatisticName(rawValue: type.name.rawValue) == type.name)
    }
    #expect(StatisticName(rawValue: "no such") == nil)
  }
}
