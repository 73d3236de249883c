import Diffusion
import Foundation
import Tensors
import Testing

@testable import Detection

struct TileFitTests {
  /// Tiles of one image of a made-up population: they share how hard the image is, and are otherwise apart.
  /// The first is of the whole.
  private func image(_ count: Int, _ random: inout RandomSource, shift: Double = 0) -> [SurprisalEstimate] {
    let own = 0.3 * Double(random.normal(1)[0]) + shift
    return (0...count).map { _ in Synthetic.estimate(&random, shift: own) }
  }

  private func score(
    _ image: [SurprisalEstimate], by name: StatisticName, _ calibration: Calibration
  ) -> Double {
    calibration.score(
      ofTiles: image.dropFirst().map { calibration.score($0, by: name) },
      whole: calibration.tiles?.whole.score(image[0], by: name) ?? .nan, by: name)
  }

  /// So many images, some small and some large.
  private func images(_ count: Int, _ random: inout RandomSource) -> [[SurprisalEstimate]] {
    (0..<count).map { index in image([1, 3, 8, 20][index % 4], &random) }
  }

  /// Statistics fitted to at most so many tiles of each image, references of all tiles.
  private func fit(_ images: [[SurprisalEstimate]], most: Int = 6) throws -> (TileFit, Calibration) {
    var some: [SurprisalEstimate] = []
    var owners: [Int] = []
    for (index, image) in images.enumerated() {
      some += image.dropFirst().prefix(most)
      owners += image.dropFirst().prefix(most).map { _ in index }
    }
    let fit = try TileFit(
      evaluations: 8, tiles: some, of: owners, wholes: images.enumerated().map { ($0, $1[0]) })
    var scores: [StatisticName: [Double]] = [:]
    for (index, image) in images.enumerated() {
      for name in fit.names {
        scores[name, default: []].append(score(image, by: name, fit.judging(index)))
      }
    }
    return (fit, try fit.calibration(references: scores, bits: images.map { $0[0].bitsPerDim }))
  }

  @Test("p-values of images are uniform, in a population of several sizes: each rate is realised")
  func ratesHold() throws {
    let (count, splits, fresh) = (60, 24, 80)
    let rates = [0.2, 0.1, 0.05]
    let names: [StatisticName] = [.surprisal, .profile, .local, .typicality]
    var flagged: [StatisticName: [Double]] = [:]
    for split in 0..<splits {
      var random = RandomSource(seed: UInt64(split), stream: 77)
      let (_, calibration) = try fit(images(count, &random))
      #expect(calibration.referenceCount == count)
      for image in images(fresh, &random) {
        for name in names {
          let pValue = calibration.pValue(score(image, by: name, calibration), by: name)
          for (k, rate) in rates.enumerated() where pValue <= rate {
            flagged[name, default: [0, 0, 0]][k] += 1
          }
        }
      }
    }
    for name in names {
      for (k, rate) in rates.enumerated() {
        let n = Double(count)
        let expected = ((n + 1) * rate).rounded(.down) / (n + 1)
        let error = (rate * (1 - rate) * (1 / n + 1 / Double(fresh)) / Double(splits)).squareRoot()
        let found = (flagged[name] ?? [0, 0, 0])[k] / Double(splits * fresh)
        #expect(abs(found - expected) < 3.5 * error, "\(name) \(rate): \(found), not \(expected)")
      }
    }
  }

  @Test("One odd tile among many flags its image, and so do many that are somewhat odd, and the whole")
  func power() throws {
    var random = RandomSource(seed: 9, stream: 78)
    let (_, calibration) = try fit(images(60, &random))
    func pValue(_ image: [SurprisalEstimate]) -> Double {
      calibration.pValue(score(image, by: .surprisal, calibration), by: .surprisal)
    }
    var odd = image(20, &random)
    odd[7] = Synthetic.estimate(&random, shift: 3)
    #expect(pValue(odd) <= 2.0 / 61)
    #expect(pValue(image(20, &random, shift: 1.5)) <= 2.0 / 61)
    // And what is odd as a whole alone.
    var large = image(20, &random)
    large[0] = Synthetic.estimate(&random, shift: 3)
    #expect(pValue(large) <= 4.0 / 61)
    let tiles = try #require(calibration.tiles)
    let own = large.dropFirst().map { calibration.score($0, by: .surprisal) }
    #expect(tiles.isWholeOdder(own, tiles.whole.score(large[0], by: .surprisal), by: .surprisal))
  }

  @Test(
    "What judges an image knows nothing of it: neither its statistics nor the law of its tiles changes with it"
  )
  func apart() throws {
    var random = RandomSource(seed: 3, stream: 79)
    var population = images(20, &random)
    let (before, _) = try fit(population)
    population[5] = image(population[5].count - 1, &random, shift: 4)
    let (after, _) = try fit(population)
    #expect(before.judging(5).tiles?.laws[.surprisal] == after.judging(5).tiles?.laws[.surprisal])
    #expect(
      before.judging(5).statistic(.typicality)?.tensors == after.judging(5).statistic(.typicality)?.tensors)
    // Others it has a share in.
    let other = try #require(
      population.indices.first {
        before.judging($0).tiles?.laws[.surprisal] != after.judging($0).tiles?.laws[.surprisal]
      })
    #expect(other != 5)
  }

  @Test(
    "Simes' inequality by hand; what is odder scores higher, beyond all references too; no number stays none")
  func law() throws {
    let known = try ReferenceScores((0..<999).map { Double($0) })
    let law = TileLaw(known)
    // A p-value of 1/2, in an image of one tile and of four alike.
    #expect(abs(law.surprise(500) - log(2)) < 1e-9)
    #expect(abs(law.score(of: [500]) - log(2)) < 1e-9)
    #expect(abs(law.score(of: [500, 500, 500, 500]) - log(2)) < 1e-9)
    // One of p = 0.2 among four: 4 * 0.2 is more than the others' 1/2.
    #expect(abs(law.score(of: [500, 800, 500, 500]) - log(2)) < 1e-9)
    let ascending = stride(from: 0, through: 1e6, by: 97).map(law.surprise)
    #expect(zip(ascending, ascending.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(law.surprise(1e6) > law.surprise(1e5) && law.surprise(1e5) > law.surprise(1e4))
    #expect(law.score(of: [1, .nan]).isNaN)
    // Four times as many tiles make the same oddest one less odd, by as much as Bonferroni has it.
    let (few, many) = (
      law.score(of: [5000] + [Double](repeating: 0, count: 3)),
      law.score(of: [5000] + [Double](repeating: 0, count: 15))
    )
    #expect(abs(few - many - log(4)) < 1e-9)
  }

  @Test("What an encoder sees of tiles judges images too, but for patches; a file keeps it")
  func sight() throws {
    let images = (0..<40).map { SightTests.estimates(5, seed: UInt64($0)) }
    let owners = images.indices.flatMap { index in images[index].dropFirst().map { _ in index } }
    let fit = try TileFit(
      evaluations: 0, kind: .sight, tiles: images.flatMap { $0.dropFirst() }, of: owners,
      wholes: images.enumerated().map { ($0, $1[0]) })
    #expect(fit.names == [.sight, .embedding, .places])
    var scores: [StatisticName: [Double]] = [:]
    for (index, image) in images.enumerated() {
      for name in fit.names { scores[name, default: []].append(score(image, by: name, fit.judging(index))) }
    }
    let calibration = try fit.calibration(references: scores, bits: [])
    #expect(calibration.kind == .sight && calibration.standard == .sight && calibration.ranked == fit.names)
    // One tile in four has a defect.
    let odd =
      SightTests.estimates(4, seed: 900) + SightTests.estimates(1, seed: 901, defect: 6)
    let found = score(odd, by: .sight, calibration)
    #expect(calibration.pValue(found, by: .sight) == 1.0 / 41)
    let tensors = calibration.tensors
    let read = try Calibration(
      evaluations: 0, kind: .sight, form: SightTests.form, names: Set(tensors.keys), isTiled: true
    ) { name, _ in try #require(tensors[name]).map { Double(Float($0)) } }
    #expect(read.names == fit.names && abs(score(odd, by: .sight, read) - found) < 1e-3 * found)
  }

  @Test("A file keeps the laws and the references; too few images are refused")
  func file() throws {
    var random = RandomSource(seed: 4, stream: 80)
    let (_, calibration) = try fit(images(12, &random))
    let tensors = calibration.tensors
    let read = try Calibration(
      evaluations: 8, form: Synthetic.form, names: Set(tensors.keys), isTiled: true
    ) { name, _ in try #require(tensors[name]).map { Double(Float($0)) } }
    #expect(read.tiles?.laws == calibration.tiles?.laws && read.names == calibration.names)
    #expect(read.references == calibration.references)
    #expect(read.referenceBits.count == 12)
    #expect(read.tiles?.whole.references == calibration.tiles?.whole.references)
    #expect(throws: (any Error).self) {
      try Calibration(
        evaluations: 8, form: Synthetic.form, names: Set(tensors.keys.filter { !$0.hasPrefix("tile.") }),
        isTiled: true
      ) { name, _ in
        guard !name.hasPrefix("tile."), let values = tensors[name] else {
          throw CalibrationError.unsuitable("\(name) is missing")
        }
        return values
      }
    }
    #expect(throws: CalibrationError.tooFewToFit(found: 8, needed: 9)) { _ = try fit(images(8, &random)) }
  }
}
