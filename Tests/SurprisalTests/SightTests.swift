import Detection
import Diffusion
import Encoders
import Foundation
import Images
import ScoreModel
import Testing

@testable import Surprisal

/// What a model keeps of an encoder, and the same statistics by what our own network sees.
@Suite struct SightTests {
  /// A model fitted to what its own network sees of discs, as if that were an encoder.
  private static func model() throws -> (model: Model, source: NetworkSource) {
    var model = try Discs.model()
    let source = try NetworkSource(model, compute: Discs.compute)
    let images = Discs.discs(120, seed: 21)
    let calibration = try Calibration(seeing: try estimates(source, images), copies: CopyGroups(of: images))
    var settings = EncoderSettings()
    settings.patches = ["middle"]
    model.sight = Sight(
      path: "/somewhere/eyes.onnx", hash: String(repeating: "ab", count: 32), settings: settings,
      shape: source.shape, calibration: calibration, features: source.form)
    return (model, source)
  }

  private static func estimates(_ source: any FeatureSource, _ images: ImageBatch) throws
    -> [SurprisalEstimate]
  {
    try source.features(of: images).map { SurprisalEstimate(features: $0) }
  }

  @Test("By our own network's activations checks are odd among discs, and other discs are not")
  func ownNetwork() throws {
    let (model, source) = try Self.model()
    let calibration = try #require(model.sight?.calibration)
    #expect(calibration.names == [.sight, .embedding, .places, .patches])
    let fresh = try Self.estimates(source, Discs.discs(100, seed: 22))
    let odd = try Self.estimates(source, ImageBatch(shape: Discs.shape, images: [Discs.checks]))[0]
    for name in calibration.names {
      let count = Double(calibration.references[name]?.count ?? 0)
      #expect(calibration.pValue(calibration.score(odd, by: name), by: name) == 1 / (count + 1))
      let flagged = fresh.count { calibration.pValue(calibration.score($0, by: name), by: name) <= 0.1 }
      #expect(flagged < 25, "\(name.rawValue)")
    }
  }

  @Test("What the network sees is pooled as ever, by place or not")
  func pooled() throws {
    let model = try Discs.model()
    let images = Discs.discs(11, seed: 23)
    let source = try NetworkSource(model, compute: Discs.compute)
    let scorer = try Scorer(model, evaluations: 0, observing: [], compute: Discs.compute)
    let known = try scorer.estimate(images).map { $0.appearance?.activations ?? [] }
    for (features, activations) in zip(try source.features(of: images), known) {
      #expect(features.form == source.form)
      #expect(zip(features.pooled, activations).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test("A model keeps which encoder it was fitted with, and judges the same when it was read")
  func file() throws {
    let (model, source) = try Self.model()
    let back = try Model(try model.file(), path: "x")
    let (sight, known) = (try #require(back.sight), try #require(model.sight))
    #expect(sight.path == known.path && sight.hash == known.hash && sight.settings == known.settings)
    #expect(sight.shape == known.shape && sight.features == known.features)
    #expect(back.digest == model.digest)
    for estimate in try Self.estimates(source, Discs.discs(10, seed: 24)) {
      for name in known.calibration.names {
        #expect(sight.calibration.score(estimate, by: name) == known.calibration.score(estimate, by: name))
      }
    }
  }

  @Test(
    "What no encoder can be is refused as a damaged file",
    arguments: ["hash", "size", "features", "tensor", "spread", "lacking", "earlier"])
  func damaged(what: String) throws {
    var file = try Self.model().model.file()
    var text = try #require(file.metadata["surprisal"])
    switch what {
    case "hash": text = text.replacingOccurrences(of: "abababab", with: "xyxyxyxy")
    case "size": text = text.replacingOccurrences(of: #""pooled":"#, with: #""pooled":99999, "was":"#)
    case "features":
      text = text.replacingOccurrences(of: #""maps":[{"channels":"#, with: #""maps":[{"channels":1"#)
    case "spread":
      let name = "sight.sight.places.factors"
      file.tensors[name] = .init([Float](repeating: 0, count: file.tensors[name]?.count ?? 0))
    case "lacking", "earlier":
      let kept = file.tensors.removeValue(forKey: "sight.sight.seesplaces")
      if what == "earlier" { file.tensors["sight.sight.places"] = kept }
    default: file.tensors["sight.patches.ordinary"] = .init([0])
    }
    #expect(["tensor", "spread", "lacking", "earlier"].contains(what) || text != file.metadata["surprisal"])
    file.metadata["surprisal"] = text
    let mended = file
    let error = #expect(throws: ModelFileError.self) { try Model(mended, path: "x") }
    #expect((what == "earlier") == "\(try #require(error))".contains("fit the model anew"))
  }

  @Test("Where the encoder is not, a model fitted with one says how to name it, and its network still judges")
  func withoutEncoder() throws {
    let (model, _) = try Self.model()
    #expect(throws: EncoderError.self) { try Judge(model, compute: Discs.compute) }
    #expect(model.standardStatistic(under: nil) == .sight && model.standardStatistic(under: .look) != .sight)
    let looking = try Judge(model, statistic: .combined, rate: 0.1, compute: Discs.compute)
    #expect(looking.shape == model.shape)
  }

  @Test("Of more images than there is room for, evenly spread ones are seen")
  func spread() throws {
    let source = try NetworkSource(try Discs.model(), compute: Discs.compute)
    let images = Discs.discs(101, seed: 25)
    var seen = SeenImages(most: 20, shape: source.shape)
    for range in images.parts(of: 7) {
      try seen.add(images[range.filter { _ in seen.wantsNext() }], by: source)
    }
    seen.finish()
    #expect(seen.given == 101)
    #expect((10...20).contains(seen.estimates.count))
    #expect(seen.estimates.count == seen.small.count && seen.hashes.count == seen.small.count)
    let places = seen.hashes.map { hash in
      images.indices.first { LearnedImages.hash(images.pixels(of: $0)) == hash } ?? -1
    }
    let steps = Set(zip(places, places.dropFirst()).map { $1 - $0 })
    #expect(places.first == 0 && steps.count == 1)
  }
}
