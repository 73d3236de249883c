import Diffusion
import Foundation
import Images
import Tensors
import Testing

@testable import Detection

struct WordingTests {
  private let sigmas = [0.01, 0.03, 0.1, 0.3, 1, 3, 10]

  @Test("The most unusual level is named, with how far and to which side", arguments: 0..<7, [-4.2, 4.2])
  func peak(level: Int, far: Double) {
    var z = sigmas.indices.map { $0 % 2 == 0 ? 0.5 : -0.5 }
    z[level] = far
    let words = Wording.levels(sigmas: sigmas, z: z)
    #expect(words.contains("(sigma \(String(format: "%.2g", sigmas[level])))"), "\(words)")
    #expect(words.contains("4.2 sd \(far > 0 ? "above" : "below")"), "\(words)")
  }

  @Test("Neighbours that deviate the same way at least half as far belong to the range")
  func neighbours() {
    for sign in [-1.0, 1] {
      let words = Wording.levels(sigmas: sigmas, z: [4, 1.9, 2, 4, 3, -3, 4].map { sign * $0 })
      // The first of equals; 1.9 ends the run on its right.
      #expect(words.contains("(sigma 0.01)"), "\(words)")
      let wide = Wording.levels(sigmas: sigmas, z: [0, 1.9, 2, 4, 3, -3, 3.9].map { sign * $0 })
      #expect(wide.contains("(sigma 0.1-1)"), "\(wide)")
    }
  }

  @Test("A place of a part of an image is one of the image: its pixel, and its third")
  func places() {
    var form = EstimateForm(sigmas: [], shape: ImageShape(height: 64, width: 64, channels: 1))
    // Of 4 by 4 places that of the third column and second row.
    #expect(Wording.spot(6, rows: 4, columns: 4, in: form) == "top centre (around 40, 24 of 64x64)")
    form.frame = EstimateForm.Frame(
      x: 1000, y: 640, width: 128, height: 64, imageWidth: 1200, imageHeight: 800)
    #expect(Wording.spot(6, rows: 4, columns: 4, in: form) == "bottom right (around 1080, 664 of 1200x800)")
    #expect(Wording.all(of: form) == "the tile around 1064, 672 of 1200x800: ")
    #expect(Wording.place(row: 0, of: 2, column: 0, of: 2, in: form) == "bottom right")
  }

  @Test("No levels, no words")
  func none() { #expect(Wording.levels(sigmas: [], z: []).isEmpty) }

  @Test("What is odd in how it goes together is not said to be far; what is far by itself is")
  func together() throws {
    var random = RandomSource(seed: 8)
    let known = (0..<200).map { _ in Synthetic.seen(&random) }
    let statistic = try ActivationStatistic(fitting: GroupedEstimates(known))
    func words(_ activations: [Float]) throws -> (score: Double, words: String) {
      var estimate = known[0]
      let own = try #require(estimate.appearance)
      estimate.appearance = Appearance(
        image: own.image, activations: activations, eyes: own.eyes, measures: own.measures)
      return (statistic.score(estimate), try #require(statistic.words(estimate, Synthetic.form)))
    }
    let most = known.map { statistic.score($0) }.max() ?? 0
    // Activations of one strength go together: here they go against one another, none of them by more than a deviation.
    let against = try words((0..<12).map { $0 < 4 ? 1 : $0 < 8 ? -1 : 0 })
    #expect(against.score > most && against.words.contains("not as they go together"), "\(against)")
    let far = try words([Float](repeating: 6, count: 12))
    #expect(far.score > most && far.words.hasSuffix("times as far from the middle as ordinary"), "\(far)")
  }
}
