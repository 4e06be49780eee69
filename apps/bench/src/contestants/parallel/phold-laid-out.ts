import { pholdModel } from './phold-model.ts';

export default pholdModel(true);
