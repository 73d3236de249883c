import Files
import Foundation
import Images
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

struct EarlyStoppingTests {
  /// Squares of random gray, of which nothing but the squares can be learned; the rest can be known by heart alone.
  static func squares(_ count: Int, seed: UInt64) -> ImageBatch {
    var random = RandomSource(seed: seed)
    return ImageBatch(
      shape: Discs.shape,
      images: (0..<count).map { _ in
        let levels = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
        return Bitmap(shape: Discs.shape, pixels: (0..<256).map { levels[$0 / 32 * 8 + $0 % 16 / 2] })
      })
  }

  /// A training on a dozen images, soon known by heart, and others held out.
  static func training(_ folder: String) throws -> Training {
    for (name, count, seed) in [("few", 12, 1), ("held", 40, 2)] as [(String, Int, UInt64)] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      let images = squares(count, seed: seed)
      for index in images.indices {
        try Discs.write(images[index], to: "\(folder)/\(name)/\(100 + index).png")
      }
    }
    var training = Training(shape: Discs.shape)
    training.preset = .tiny
    training.options.steps = 600
    training.options.batch = 16
    training.options.learningRate = 4e-3
    training.options.precision = .float32
    training.heldOut = [FilePath("\(folder)/held")]
    training.validations = 20
    training.patience = 2
    training.eyes = .none
    training.budget = .fixed(4)
    training.checkpoint = "\(folder)/x.checkpoint"
    return training
  }

  @Test(
    "A set known by heart ends the training early, stopped and gone on with to the same bytes, and new images cost less than after all steps"
  )
  func overfit() throws {
    try Discs.withFolder { folder in
      let training = try Self.training(folder)
      var events: [Training.Event] = []
      let model = try #require(
        try training.run(["\(folder)/few"], compute: Discs.compute) { events.append($0) })
      let validated = events.compactMap { event -> (step: Int, bits: Double)? in
        if case .validated(let step, let bits, _) = event { (step, bits) } else { nil }
      }
      let stop = events.compactMap { if case .stoppedEarly(let step, 600, _, 2) = $0 { step } else { nil } }
      let chosen = events.compactMap { event -> (Int, Int)? in
        if case .choseEarlier(let step, let last, _, _) = event { (step, last) } else { nil }
      }
      #expect(try #require(stop.first, "\(validated)") < 600 && stop == validated.suffix(1).map(\.step))
      // The weights are those of the lowest validation.
      let lowest = try #require(validated.min { $0.bits < $1.bits })
      try #require(chosen.count == 1, "\(validated)")
      #expect(chosen[0].0 == lowest.step && chosen[0].1 == stop[0], "\(validated)")

      // Stopped where nothing is validated, where something is, and after the last validation.
      let resumed = try TrainingTests.model(
        training, stoppingAfter: [lowest.step - 3, lowest.step, stop[0]], images: "\(folder)/few")
      #expect(try model.file().encoded() == resumed)

      var whole = training
      whole.patience = nil
      let last = try #require(
        try whole.run(["\(folder)/few"], compute: Discs.compute) { event in
          if case .stoppedEarly = event { Issue.record("\(event)") }
        })
      let fresh = Self.squares(40, seed: 3)
      let bits = try [model, last].map { model in
        try Scorer(model, compute: Discs.compute).estimate(fresh).map(\.bitsPerDim)
      }
      let difference = PairedDifference(bits[1], bits[0])
      #expect(difference.mean > 5 * difference.standardError && difference.mean > 0.1, "\(difference)")
    }
  }

  @Test("What training brought and what the model says of itself are one number, paired on the same noise")
  func gain() throws {
    try Discs.withFolder { folder in
      var training = try Discs.training(folder, steps: 40)
      training.start = try Discs.model()
      training.reviews = true
      var gained: [(before: Double, after: Double, error: Double)] = []
      var goals: [Double] = []
      var reviews: [Training.Review] = []
      let model = try #require(
        try training.run([folder], compute: Discs.compute) { event in
          switch event {
          case .gained(let before, let after, let error, _): gained.append((before, after, error))
          case .goal(let bits, true, _): goals.append(bits)
          case .reviewed(let review): reviews.append(review)
          default: break
          }
        })
      let gain = try #require(gained.first)
      #expect(gained.count == 1 && gain.after == model.facts.validationBitsPerDim)
      // Far more exact than the means themselves, whose images differ by some tenths of a bit.
      #expect(gain.error < 0.02 && abs(gain.before - gain.after) < 0.5)
      let review = try #require(reviews.first)
      #expect(review.start?.bitsPerDim == goals.first && review.points.last?.step == 40)
      #expect(review.bitsPerDim == gain.after && review.heldOut == model.facts.validationImages)
      #expect(review.steps == (40, 40) && review.samples.shape == Discs.shape)
      // The oddest cost no less than the most ordinary, by their p-values.
      #expect(review.oddest.count == 12 && review.ordinary.count == 12)
      let (odd, plain) = (review.oddest.map(\.pValue), review.ordinary.map(\.pValue))
      #expect(odd == odd.sorted() && plain == plain.sorted(by: >) && odd[11] < plain[11])
      #expect(odd[0] == 1 / Double(model.facts.validationImages))
      for one in review.uniformity {
        #expect(one.pValues.allSatisfy { $0 > 0 && $0 <= 1 } && one.pValues == one.pValues.sorted())
      }
      // Drawn at random, every other held-out image is like those between.
      #expect(review.uniformity[0].question == .method && review.uniformity[0].test > 1e-3)
      let facts = ReportFacts()
      let page = try review.page(of: "<discs> & 'co'.safetensors", facts)
      #expect(page.contains("&lt;discs&gt; &amp;") && !page.contains("<discs>"))
    }
  }
}
