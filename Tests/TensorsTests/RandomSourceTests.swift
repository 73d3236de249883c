import Testing

@testable import Tensors

struct RandomSourceTests {
  /// The first numbers of the authors' xoshiro256starstar.c from the state 1, 2, 3, 4.
  static let published: [UInt64] = [
    11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360, 607_988_272_756_665_600,
    16_172_922_978_634_559_625, 8_476_171_486_693_032_832, 10_595_114_339_597_558_777,
    2_904_607_092_377_533_576,
  ]

  @Test("The generator is xoshiro256**: its authors' numbers from their state")
  func generator() {
    var random = RandomSource(state: (1, 2, 3, 4))
    #expect(Self.published.map { _ in random.next() } == Self.published)
  }

  @Test("A seed is spread by SplitMix64: its authors' numbers from theirs")
  func seeding() {
    let random = RandomSource(seed: 1_234_567)
    #expect(
      random.state == (
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431
      ))
  }

  @Test("Uniform numbers are the upper 53 bits, from 0 up to but not 1")
  func uniform() {
    var bits = RandomSource(seed: 5)
    var random = bits
    for _ in 0..<1000 {
      let value = random.uniform()
      #expect(value == Double(bits.next() >> 11) / 9_007_199_254_740_992 && (0..<1).contains(value))
    }
  }

  @Test("Normal numbers have a normal's moments, at odd counts and even ones", arguments: [99_999, 100_000])
  func moments(count: Int) {
    var random = RandomSource(seed: 9, stream: UInt64(count))
    let values = random.normal(count).map(Double.init)
    let n = Double(count)
    func moment(_ power: Int) -> Double {
      values.reduce(0) { sum, x in sum + (0..<power).reduce(1.0) { product, _ in product * x } } / n
    }
    // Moment k of a normal, and the variance of x^k: (2k-1)!! less the square of the moment. Five standard errors.
    for (power, mean, variance) in [(1, 0.0, 1.0), (2, 1, 2), (3, 0, 15), (4, 3, 96)] {
      #expect(abs(moment(power) - mean) < 5 * (variance / n).squareRoot(), "x^\(power)")
    }
    // Neighbours come from one pair of uniform numbers.
    let product = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / (n - 1)
    #expect(abs(product) < 5 / n.squareRoot())
  }

  @Test("Streams of one seed, and seeds, go their own ways; the same ones go the same way")
  func streams() {
    let n = 10_000
    func normal(_ seed: UInt64, _ stream: UInt64) -> [Double] {
      var random = RandomSource(seed: seed, stream: stream)
      return random.normal(n).map(Double.init)
    }
    #expect(normal(3, 4) == normal(3, 4))
    for (seed, stream) in [(3, 5), (4, 4), (3, 4 << 32), (5, 3)] as [(UInt64, UInt64)] {
      let product = zip(normal(3, 4), normal(seed, stream)).reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
      // Of independent normals: standard error 1/sqrt(n).
      #expect(abs(product) < 5 / Double(n).squareRoot(), "\(seed), \(stream)")
    }
    var firsts: Set<UInt64> = []
    for seed in 0..<100 as Range<UInt64> {
      for stream in 0..<100 as Range<UInt64> {
        var random = RandomSource(seed: seed, stream: stream)
        firsts.insert(random.next())
      }
    }
    #expect(firsts.count == 10_000)
  }
}
