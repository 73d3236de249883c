import Detection
import Images
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

struct LookTrialTests {
  /// Discs, in the order held out, others.
  private static func images() -> TrainingImages {
    let discs = Discs.discs(120, seed: 91)
    let copies = CopyGroups(of: discs)
    let held = copies.representatives.prefix(60)
    return TrainingImages(
      discs, copies, training: copies.representatives.filter { !held.contains($0) }, validation: Array(held))
  }

  /// The model of discs with weights that see nothing: every activation is zero whatever the image.
  private static func blind() throws -> (model: Model, weights: FrozenWeights) {
    let model = try Discs.model()
    let weights = try FrozenWeights(Network(model.architecture).parameterSpecs) { spec in
      [Float](repeating: 0, count: spec.count)
    }
    return (model.under(model.architecture, model.preconditioning, weights), weights)
  }

  @Test("Of a network that sees and one that sees nothing the first looks, whichever was trained")
  func choice() throws {
    let seeing = try Discs.model()
    let (blind, nothing) = try Self.blind()
    let images = Self.images()
    var told: [(trained: Double, begun: Double, isKept: Bool)] = []
    func chosen(_ model: Model, beside start: FrozenWeights) throws -> Model {
      var model = model
      try model.chooseLook(beside: start, images, Discs.compute) { told.append(($0, $1, $2)) }
      return model
    }
    let kept = try chosen(blind, beside: seeing.weights)
    let own = try chosen(seeing, beside: nothing)
    try #require(told.count == 2)
    #expect(kept.looksAsBegun && told[0].isKept && told[0].begun > told[0].trained + 0.1)
    #expect(!own.looksAsBegun && !told[1].isKept && told[1].trained > told[1].begun + 0.1)
    // A network that sees nothing is at chance.
    #expect(told[0].trained == 0.5 && told[1].begun == 0.5)

    // What was kept is what one look goes by.
    let discs = Discs.discs(5, seed: 92)
    func looks(_ model: Model) throws -> [[Float]] {
      try Scorer(model, evaluations: 0, compute: Discs.compute).estimate(discs)
        .compactMap { $0.appearance?.activations }
    }
    #expect(try looks(kept) == looks(seeing))
    #expect(try looks(kept) != looks(blind))
  }

  @Test("It survives the file, which older programs refuse, and other sizes, but not other colours")
  func file() throws {
    var model = try Discs.model()
    let plain = try model.file()
    model.looking = try FrozenWeights(Network(model.architecture).downSpecs) { model.weights.read($0) }
    let file = try model.file()
    #expect(plain.metadata["surprisal"]?.contains("\"formatVersion\":6") == true)
    #expect(file.metadata["surprisal"]?.contains("\"formatVersion\":7") == true)
    let read = try Model(file, path: "m")
    #expect(read.looksAsBegun && read.digest == model.digest)
    #expect(try read.digest != Discs.model().digest)
    #expect(try read.parameterCount > Discs.model().parameterCount)
    let name = try #require(file.tensors.keys.first { $0.hasPrefix("looking.") })
    var cut = file
    cut.tensors[name] = nil
    #expect(throws: ModelFileError.self) { try Model(cut, path: "m") }

    let large = ImageShape(height: 32, width: 32, channels: 1)
    #expect(try model.emptied(for: ImageBatch(shape: large)).looksAsBegun)
  }
}
