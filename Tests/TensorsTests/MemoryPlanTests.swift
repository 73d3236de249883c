import Testing

@testable import Tensors

struct MemoryPlanTests {
  /// Tensors of a network with skips: most are soon done with, some live long.
  static func lives(seed: UInt64) -> [MemoryPlan.Life] {
    var random = RandomSource(seed: seed)
    return (0..<200).map { index in
      let length = random.uniform() < 0.2 ? 100 * random.uniform() : 4 * random.uniform()
      return MemoryPlan.Life(
        bytes: 64 << Int(8 * random.uniform()), first: index / 2, last: index / 2 + Int(length))
    }
  }

  @Test(
    "Tensors that live at once lie apart, each in a buffer that holds it", arguments: 0..<20 as Range<UInt64>)
  func apart(seed: UInt64) {
    let lives = Self.lives(seed: seed)
    let plan = MemoryPlan(lives)
    #expect(plan.places.count == lives.count)
    for (index, life) in lives.enumerated() {
      #expect(plan.buffers[plan.places[index]] >= life.bytes)
      for (other, earlier) in lives[..<index].enumerated() where plan.places[other] == plan.places[index] {
        #expect(earlier.last < life.first, "\(other) and \(index)")
      }
    }
  }

  @Test(
    "All buffers are no more than all tensors, and no less than lives at once",
    arguments: 0..<20 as Range<UInt64>)
  func total(seed: UInt64) {
    let lives = Self.lives(seed: seed)
    let bytes = MemoryPlan(lives).buffers.reduce(0, +)
    let most = lives.map { now in
      lives.filter { $0.first <= now.first && now.first <= $0.last }.reduce(0) { $0 + $1.bytes }
    }.max()
    #expect(bytes <= lives.reduce(0) { $0 + $1.bytes })
    #expect(bytes >= most ?? 0)
  }

  @Test("A chain of tensors, each made from the one before, takes turns in two buffers")
  func chain() {
    let plan = MemoryPlan((0..<10).map { .init(bytes: 128, first: $0, last: $0 + 1) })
    #expect(plan.buffers == [128, 128])
    #expect(plan.places == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
  }

  @Test("Nothing to place takes nothing")
  func empty() { #expect(MemoryPlan([]).buffers.isEmpty) }
}
