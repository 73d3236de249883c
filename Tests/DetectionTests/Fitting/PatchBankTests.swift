import Diffusion
import Tensors
import Testing

@testable import Detection

@Suite struct PatchBankTests {
  private static let columns = 40

  /// Patches of normal numbers, a grid of four by five an image.
  private static func table(_ seed: UInt64) -> PatchTable {
    var random = RandomSource(seed: seed)
    let map = FeatureMap(height: 4, width: 5, channels: columns, values: random.normal(20 * columns))
    return PatchTable([map], scales: [1])
  }

  @Test("Distances are those to the nearest of the parts compared with, whatever their number")
  func distances() {
    var random = RandomSource(seed: 3)
    let counts = [17, 600, 1]
    let bank = PatchBank(
      columns: Self.columns, values: random.normal(618 * Self.columns).map { $0 / 2 }, counts: counts)
    let patches = Self.table(9)
    for part in [nil, 0, 1, 2] {
      let skipped = part.map { counts[..<$0].reduce(0, +)..<counts[...$0].reduce(0, +) } ?? 0..<0
      let wanted = (0..<patches.count).map { place in
        (0..<618).filter { !skipped.contains($0) }.map { row in
          (0..<Self.columns).reduce(Float(0)) { sum, k in
            let difference =
              patches.values[place * Self.columns + k] - bank.values[row * Self.columns + k]
            return sum + difference * difference
          }.squareRoot()
        }.min() ?? 0
      }
      for (a, b) in zip(bank.distances(patches, without: part), wanted) { #expect(abs(a - b) < 1e-3) }
      guard let part else { continue }
      let rest = bank.without(part)
      for (a, b) in zip(rest.distances(patches), wanted) { #expect(abs(a - b) < 1e-3) }
    }
  }

  @Test("Of patches in as many heaps as are chosen, one of each is")
  func coverage() {
    var random = RandomSource(seed: 4)
    let heaps = 12
    let middles = random.normal(heaps * Self.columns).map { 50 * $0 }
    // Heaps of very different sizes.
    let members = (0..<heaps).flatMap { [Int](repeating: $0, count: $0 == 0 ? 500 : 3) }
    let values = members.flatMap { heap in
      zip(middles[heap * Self.columns..<(heap + 1) * Self.columns], random.normal(Self.columns)).map {
        $0 + 0.1 * $1
      }
    }
    let chosen = PatchBank.coreset(of: values, columns: Self.columns, count: heaps)
    #expect(Set(chosen.map { members[$0] }) == Set(0..<heaps))
    #expect(PatchBank.coreset(of: values, columns: Self.columns, count: 10_000).count == members.count)
    let same = [Float](repeating: 1, count: 30 * Self.columns)
    #expect(PatchBank.coreset(of: same, columns: Self.columns, count: 5).count == 1)
  }

  @Test("Each part has patches of its own images alone, and the bank is bounded")
  func parts() {
    let tables = (0..<30).map { Self.table(UInt64($0)) }
    let parts = [Array(0..<10), Array(10..<20), Array(20..<30)]
    let bank = PatchBank.choosing(from: parts, columns: Self.columns, most: 50) { tables[$0] }
    #expect(bank.counts == [25, 25, 25])
    var first = 0
    for (part, count) in zip(parts, bank.counts) {
      let own = Set(part.flatMap { tables[$0].values })
      #expect(bank.values[first * Self.columns..<(first + count) * Self.columns].allSatisfy(own.contains))
      first += count
    }
  }
}
