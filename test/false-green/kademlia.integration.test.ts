import { falseGreenSuite } from './suite'

falseGreenSuite(['kademlia'])
