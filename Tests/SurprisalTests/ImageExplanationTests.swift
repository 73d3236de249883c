import Foundation
import Testing

@testable import Surprisal

struct ImageExplanationTests {
  @Test("Parts, levels and map add up to the bits, and every statistic has its say")
  func addsUp() throws {
    let model = try Discs.model()
    let found = try ImageExplanation(of: Discs.checks, under: model, compute: Discs.compute)
    let bits = found.estimate.bitsPerDim
    // The map's parts pass through float32 transforms: some 1e-6 of a few bits.
    #expect(abs(found.map.reduce(0, +) / 256 - bits) < 1e-3)
    #expect(abs(found.profile.reduce(0) { $0 + $1.bitsPerDim } - found.estimate.integral) < 1e-9)
    #expect(found.scores.map(\.statistic) == model.calibrations.flatMap(\.names))
    #expect(found.scores.allSatisfy { !$0.reason.isEmpty })
    let judged = try Judge(model, compute: Discs.compute).judge(
      .init(shape: Discs.shape, images: [Discs.checks]))
    let same = try #require(found.scores.first { $0.statistic == .combined })
    #expect(
      same.score == judged[0].score && same.pValue == judged[0].pValue && same.reason == judged[0].reason)
    // Three pictures of one height, 8 pixels apart.
    #expect(found.picture.height == 256 && found.picture.width > 2 * 256 + 16)
  }

  @Test("The integral's bits and the ODE's are near each other")
  func twoRoads() throws {
    let model = try Discs.model()
    let disc = Discs.discs(1, seed: 21)[0]
    let integral = try ImageExplanation(of: disc, under: model, compute: Discs.compute).estimate
    let ode = try model.density(
      of: disc, solver: .heun(steps: 48), dequantisation: .gaussian, replicates: 4, compute: Discs.compute)
    // Equal for the exact denoiser; this one is trained for seconds, and the two then differ by some tenths of a bit.
    let error = (integral.standardError ?? 0) + (ode.standardError ?? 0)
    #expect(abs(integral.bitsPerDim - ode.bitsPerDim) < 1 + 4 * error)
  }
}
