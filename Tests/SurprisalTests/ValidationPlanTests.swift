import Tensors
import Testing

@testable import Surprisal

struct ValidationPlanTests {
  @Test(
    "Validations cost a tenth of training's evaluations at most, or one of 32 images; the last step is among them"
  )
  func share() {
    var random = RandomSource(seed: 5)
    for _ in 0..<500 {
      let steps = Int.random(in: 1...20_000, using: &random)
      let batch = Int.random(in: 1...128, using: &random)
      let validations = Int.random(in: 1...60, using: &random)
      let heldOut = Int.random(in: 1...3000, using: &random)
      let scoresStart = Bool.random(using: &random)
      let plan = ValidationPlan(
        steps: steps, batch: batch, validations: validations, heldOut: heldOut, scoresStart: scoresStart)
      let validated = (1...steps).filter(plan.isValidated)
      let scored = plan.images * (validated.count + (scoresStart ? 1 : 0))
      let cost = Double(scored * ValidationPlan.evaluations)
      // An image of a step is one evaluation forward and two backward.
      let allowed = ValidationPlan.share * Double(3 * batch * steps)
      let least = Double(min(heldOut, 32) * ValidationPlan.evaluations * (scoresStart ? 2 : 1))
      #expect(cost <= max(allowed, least), "\(steps) \(batch) \(validations) \(heldOut)")
      #expect(validated.last == steps && plan.images <= min(heldOut, 256) && plan.images >= 1)
      #expect(validated.allSatisfy(plan.isPlace))
      // At most as often as asked for, and once more for steps that do not divide.
      #expect(validated.count <= 2 * validations + 1)
    }
  }

  @Test("Ten minutes' worth of steps is validated as often as asked, on images enough to tell")
  func ordinary() {
    let plan = ValidationPlan(steps: 3000, batch: 32, validations: 20, heldOut: 500, scoresStart: true)
    #expect((1...3000).count(where: plan.isValidated) == 20)
    #expect(plan.images >= 100)
  }
}
