import Foundation
import Testing

@testable import Detection

struct BlockSpectrumTests {
  /// Mean squares of the coefficients, from their logarithms.
  static func energies(_ features: [Float]) -> [Float] { features.map { exp($0) - 1e-4 } }

  @Test("A flat image has all its strength in the mean; a cosine, in its own coefficient")
  func patterns() {
    let flat = BlockSpectrum.features(
      pixels: [UInt8](repeating: 51, count: 32 * 24), width: 32, height: 24, channels: 1)
    #expect(flat.count == BlockSpectrum.count)
    let energies = Self.energies(flat)
    // Orthonormal: 8 times the mean of a block, squared.
    #expect(abs(energies[0] - 64 * 0.2 * 0.2) < 1e-3)
    #expect(energies.dropFirst().allSatisfy { abs($0) < 1e-4 })
    let wave: [UInt8] = (0..<256).map { place in
      let phase = Double.pi * (Double(place % 8) + 0.5) * 3 / 8
      return UInt8((128 + 100 * cos(phase)).rounded())
    }
    let found = Self.energies(BlockSpectrum.features(pixels: wave, width: 16, height: 16, channels: 1))
    // Amplitude 100 / 255 over 64 pixels whose mean square is half. Rounded to bytes: 1 / 255.
    #expect(abs(found[3] - 32 * Float(100.0 / 255 * 100.0 / 255)) < 0.05)
    #expect(found.enumerated().allSatisfy { $0 == 0 || $0 == 3 || abs($1) < 1e-3 })
  }

  private func expectEqual(_ a: [Float], _ b: [Float]) {
    #expect(a.indices.allSatisfy { abs(a[$0] - b[$0]) < 1e-4 })
  }

  @Test("Gray is the same in one channel and in three, and blocks may lie in any order")
  func gray() {
    let gray: [UInt8] = (0..<256).map { (place: Int) in
      let value = place * 37 + place / 16 * 11
      return UInt8(value % 256)
    }
    let one = BlockSpectrum.features(pixels: gray, width: 16, height: 16, channels: 1)
    let three = BlockSpectrum.features(
      pixels: gray.flatMap { [$0, $0, $0] }, width: 16, height: 16, channels: 3)
    expectEqual(one, three)
    let turned = Array(gray[128...] + gray[..<128])
    let other = BlockSpectrum.features(pixels: turned, width: 16, height: 16, channels: 1)
    expectEqual(one, other)
  }

  @Test("Colour without a difference of luma is seen in the colour planes")
  func colour() {
    func flat(_ colour: [UInt8]) -> [Float] {
      BlockSpectrum.features(
        pixels: (0..<64).flatMap { _ in colour }, width: 8, height: 8, channels: 3)
    }
    let (gray, red) = (flat([100, 100, 100]), flat([180, 70, 55]))
    #expect(abs(gray[0] - red[0]) < 0.1)
    #expect(red[64] > gray[64] + 3 && red[80] > gray[80] + 3)
  }
}
